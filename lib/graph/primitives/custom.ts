import { fail } from '../../core/error.js'
import type { Shape } from '../../core/shape.js'
import type { CustomRule, OpTag, Primitive } from '../op.js'

const shapeOf = (tag: string, inputs: readonly Shape[]): Shape =>
  inputs[0] ?? fail('ArgumentError', tag, 'a value', 'none')

const key = ({ tag, rule }: { readonly tag: string; readonly rule: CustomRule }): string =>
  `${tag} ${rule.name}`

const show = ({ rule }: { readonly rule: CustomRule }): string => rule.name

/** A value with a user's derivative, and the linearisation of one that has no jvp. */
export const custom = {
  custom: { shape: (_, inputs) => shapeOf('custom', inputs), evaluate: (_, [x]) => x!, key, show },
  customLinear: {
    shape: (_, inputs) => shapeOf('customLinear', inputs),
    evaluate: ({ rule }) =>
      fail('DiffError', 'evaluate', 'a rule with a jvp', `forward mode through customVjp ${rule.name}`),
    key,
    show
  }
} satisfies { readonly [T in OpTag]?: Primitive<T> }
