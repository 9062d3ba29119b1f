/**
 * The derivatives: for each primitive its tangent, its transpose and its batch, with the formula that docs/primitives.md
 * prints. To add a primitive, add its record to the family it belongs to, `structure.ts` for views, windows and leaves; to add a pointwise function, add a row to
 * `pointwise.ts`. Neither compiles until it is there.
 */
import type { OpTag } from '../../graph/op.js'
import type { DiffRule } from '../diff-rule.js'
import { contract } from './contract.js'
import { customs } from '../custom-vjp.js'
import { pointwise } from './pointwise.js'
import { scan } from './scan.js'
import { structure } from './structure.js'

/** One record for each primitive: its tangent, its transpose, its batch. */
export const diffRules: { readonly [T in OpTag]: DiffRule<T> } = {
  ...structure,
  pointwise,
  contract,
  ...customs,
  scan
}

/** The record of a primitive whose tag is known only when it runs. */
export const ruleOf = (tag: OpTag): DiffRule<OpTag> => diffRules[tag] as DiffRule<OpTag>
