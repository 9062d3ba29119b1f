import type { OpTag } from '../../graph/op.js'
import type { DiffRule } from '../rule.js'
import { contract } from './contract.js'
import { custom, customLinear } from './custom.js'
import { pointwise } from './pointwise.js'
import {
  alias,
  barrier,
  concat,
  fold,
  leaf,
  pad,
  reduceMax,
  reshape,
  slice,
  stopGradient,
  topKMask,
  unfold
} from './structure.js'

/** One record for each primitive: its tangent, its transpose, its batch. */
export const diffRules: { readonly [T in OpTag]: DiffRule<T> } = {
  input: leaf('input', 'an argument'),
  keyInput: leaf('keyInput', 'a random key'),
  constant: leaf('constant', 'known elements'),
  iota: leaf('iota', '0, 1, 2 … along an axis'),
  random: leaf('random', 'numbers drawn on the host'),
  alias,
  stopGradient,
  barrier,
  pointwise,
  contract,
  reshape,
  slice,
  pad,
  concat,
  reduceMax,
  unfold,
  fold,
  topKMask,
  custom,
  customLinear
}

/** The record of a primitive whose tag is known only when it runs. */
export const ruleOf = (tag: OpTag): DiffRule<OpTag> => diffRules[tag] as DiffRule<OpTag>
