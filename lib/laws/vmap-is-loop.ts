import { derive } from '../core/key.js'
import { option, type OptionKinds } from '../core/options.js'
import { type NdArray, of } from '../core/ndarray.js'
import { sizeOf } from '../core/shape.js'
import { leaves, rebuild } from '../core/tree.js'
import { vmap } from '../diff/index.js'
import { type HostValue, isHostValue, type Specs } from '../graph/spec.js'
import { type Case, casesOf, child, normalArray } from './arbitraries.js'
import { bind, compare, judge, type Judged } from './compare.js'
import { law, lawKinds, lawOptionsOf, type LawOptions, type LawReport, type Outcome } from './law.js'

/** How many cases, and how large the batch. */
export interface BatchOptions extends LawOptions {
  /**
   * The size of the batch.
   *
   * @defaultValue 3
   */
  readonly size?: number
  /**
   * The arguments that all examples share, by position. Keys have to be among them.
   *
   * @defaultValue none
   */
  readonly shared?: readonly number[]
}

const kinds: OptionKinds<BatchOptions> = { ...lawKinds, size: option.count, shared: option.list }

/** The arguments with every array (and key) replaced, but for those that all examples share. */
const replaceEach = (
  args: readonly unknown[],
  isShared: (i: number) => boolean,
  f: (value: HostValue, arg: number, leaf: number) => HostValue
): readonly unknown[] =>
  args.map((arg, i) => {
    if (isShared(i)) return arg
    const values = leaves('laws', isHostValue, arg).map(({ value }, k) => f(value, i, k))
    return rebuild('laws', isHostValue, arg, values)
  })

/** The given example and `size − 1` random ones like it, as a batch. */
const batchOf = (
  { args, source }: Case,
  size: number,
  isShared: (i: number) => boolean
): readonly unknown[] =>
  replaceEach(args, isShared, (value, i, k) => {
    if (value._tag === 'Key') throw new Error('a key cannot be mapped: name its argument in `shared`')
    const own = derive(child(source, i), { kind: 'fold', index: k })
    const rows = normalArray(own, [size, ...value.shape])
    rows.data.set(value.data)
    return rows
  })

/** One example of a batch. */
const row = ({ shape, data }: NdArray, at: number): NdArray => {
  const inner = shape.slice(1)
  const width = sizeOf(inner)
  return of(inner, data.slice(at * width, (at + 1) * width))
}

const stacked = (parts: readonly Judged[]): Judged => ({
  outputs: parts[0]!.outputs.map(({ shape }, k) =>
    of(
      [parts.length, ...shape],
      parts.flatMap((part) => [...part.outputs[k]!.data])
    )
  ),
  slack: parts[0]!.slack.map((_, k) => Math.max(...parts.map((part) => part.slack[k]!)))
})

/** A function mapped over a batch against the function called on each example, for one batch. */
export const vmapIsLoopAt = <Args extends readonly unknown[], Out>(
  f: (...args: Args) => Out,
  drawn: Case,
  { size = 3, shared = [] }: BatchOptions = {}
): Outcome => {
  const isShared = (i: number): boolean => shared.includes(i)
  const batch = batchOf(drawn, size, isShared)
  const axes = batch.map((_, i) => (isShared(i) ? null : 0))
  const mapped = (...args: Args) => vmap(f, { axes })(...args)
  const rowsAt = (at: number): readonly unknown[] =>
    replaceEach(batch, isShared, (value) => (value._tag === 'Key' ? value : row(value, at)))
  const loop = Array.from({ length: size }, (_, at) => judge(bind(f, rowsAt(at))))
  const rows = loop.filter((result) => result !== undefined)
  return compare(judge(bind(mapped, batch)), rows.length === size ? stacked(rows) : undefined)
}

/**
 * `vmap` gives what a loop over the examples gives. Nest it by checking `vmap(f)` itself.
 *
 * @example
 * import assert from 'node:assert'
 * import { ops, spec, type Tensor, vmap } from 'tangentflow'
 * import { vmapIsLoop } from 'tangentflow/laws'
 *
 * const pairwise = (x: Tensor, y: Tensor) => vmap((row: Tensor) => ops.dot(y)(row))(x)
 * assert.equal(vmapIsLoop(pairwise, [spec([4, 3]), spec([3])], { runs: 20, shared: [1] }).runs, 20)
 */
export const vmapIsLoop = <Args extends readonly unknown[], Out>(
  f: (...args: Args) => Out,
  specs: Specs<Args>,
  options: BatchOptions = {}
): LawReport =>
  law(
    'vmap = loop',
    casesOf(specs),
    (drawn) => vmapIsLoopAt(f, drawn, options),
    lawOptionsOf('vmapIsLoop', kinds, options)
  )
