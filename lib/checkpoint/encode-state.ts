import { fail } from '../core/error.js'
import { fromNamed, named } from '../core/tree.js'
import { type NdArray, of } from '../core/ndarray.js'
import type { Tensors } from './checkpoint.js'

/** Rows of numbers by name: what every step of a run adds to. The rows of a column are equally long. */
export type Columns = Readonly<Record<string, readonly (readonly number[])[]>>

const arrayOf = (rows: readonly (readonly number[])[]): readonly NdArray[] => {
  const width = rows[0]?.length ?? 0
  const shape = width === 1 ? [rows.length] : [rows.length, width]
  return width === 0 ? [] : [of(shape, Float64Array.from(rows.flat()))]
}

const rowsOf = ({ shape: [count = 0, width = 1], data }: NdArray): readonly (readonly number[])[] =>
  Array.from({ length: count }, (_, i) => Array.from(data.subarray(i * width, (i + 1) * width)))

/** The state of a run as named tensors: the arrays of its trees by their places, and its columns. Empty columns are left out. */
export const encodeState = (trees: object, columns: Columns): Tensors => ({
  ...named(trees),
  ...Object.fromEntries(
    Object.entries(columns).flatMap(([name, rows]) => arrayOf(rows).map((array) => [name, array]))
  )
})

/**
 * Reads {@link encodeState} back: trees of the form of `like`, and columns, each with as many rows as `counts` says. Anything
 * that does not fit raises a TreeError.
 */
export const decodeState =
  <T extends object>(like: T, counts: Readonly<Record<string, number>>) =>
  (tensors: Tensors): { readonly trees: T; readonly columns: Columns } => {
    const columns = Object.entries(counts).map(([name, count]) => {
      const rows = tensors[name] === undefined ? [] : rowsOf(tensors[name])
      return rows.length === count
        ? ([name, rows] as const)
        : fail('TreeError', 'checkpoint', `${count} rows`, `${rows.length}`, name)
    })
    const arrays = Object.entries(tensors).filter(([name]) => !Object.hasOwn(counts, name))
    return { trees: fromNamed(like)(Object.fromEntries(arrays)), columns: Object.fromEntries(columns) }
  }

/** A list that grows by an entry without a copy, since a run adds to it in every step. */
export type Log<A> = { readonly last: A; readonly before: Log<A> } | undefined

/** The log with further entries. */
export const append = <A>(log: Log<A>, entries: readonly A[]): Log<A> =>
  entries.reduce<Log<A>>((before, last) => ({ last, before }), log)

/** The entries of a log, the first one first. */
export const entriesOf = <A>(log: Log<A>): readonly A[] => {
  const entries: A[] = []
  for (let at = log; at !== undefined; at = at.before) entries.push(at.last)
  return entries.reverse()
}
