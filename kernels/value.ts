import { type Index, levelOf } from './coordinate.js'
import type { ScalarName } from './scalar.js'

/**
 * The value of one cell as an expression over arrays: what a kernel computes, without how. Values form a DAG; a value that
 * is used twice is computed once.
 */
export type Value =
  /** An element of an array, by its flat position; of an array of vectors of four, one of the four. */
  | { readonly kind: 'load'; readonly array: number; readonly at: Index; readonly component?: number }
  | { readonly kind: 'literal'; readonly value: number }
  /** A coordinate as a number. */
  | { readonly kind: 'position'; readonly at: Index }
  | { readonly kind: 'apply'; readonly fn: ScalarName; readonly args: readonly Value[] }
  /** `inside` where 0 ≤ at < size, else `outside`. Both are computed, so both must be readable everywhere. */
  | {
      readonly kind: 'within'
      readonly at: Index
      readonly size: number
      readonly inside: Value
      readonly outside: Value
    }
  /** What the kernel's reduction came to; only after its loops. */
  | { readonly kind: 'result' }

export const literal = (value: number): Value => ({ kind: 'literal', value })

/** The level at which the result of a reduction is known: after every loop. */
export const AFTER = Infinity

/** The loop a value has to be computed in: 0 before all loops, {@link AFTER} behind them. */
export const levels = (): ((value: Value) => number) => {
  const known = new Map<Value, number>()
  const level = (value: Value): number => {
    const memo = known.get(value)
    if (memo !== undefined) return memo
    const own = compute(value)
    known.set(value, own)
    return own
  }
  const compute = (value: Value): number => {
    switch (value.kind) {
      case 'load':
      case 'position':
        return levelOf(value.at)
      case 'literal':
        return 0
      case 'apply':
        return value.args.reduce((deepest, arg) => Math.max(deepest, level(arg)), 0)
      case 'within':
        return Math.max(levelOf(value.at), level(value.inside), level(value.outside))
      case 'result':
        return AFTER
    }
  }
  return level
}
