import { fromNamed, named } from '../core/tree.js'
import { type NdArray, of } from '../core/ndarray.js'

/** The numbers of every step by name, each a column of one row a step. */
export type Columns = Readonly<Record<string, readonly (readonly number[])[]>>

const arrayOf = (rows: readonly (readonly number[])[]): NdArray =>
  of([rows.length, rows[0]!.length], Float64Array.from(rows.flat()))

const rowsOf = ({ shape: [count = 0, width = 0], data }: NdArray): readonly (readonly number[])[] =>
  Array.from({ length: count }, (_, i) => Array.from(data.slice(i * width, (i + 1) * width)))

const COLUMN = 'column.'

/** A state and the numbers of the steps that led to it, as named tensors; columns without rows are left out. */
export const save = (state: object, columns: Columns): Readonly<Record<string, NdArray>> => ({
  ...named({ state }),
  ...Object.fromEntries(
    Object.entries(columns).flatMap(([name, rows]) =>
      rows.length === 0 || rows[0]!.length === 0 ? [] : [[`${COLUMN}${name}`, arrayOf(rows)]]
    )
  )
})

/** The state, of the form of `like`, and the columns. What does not fit the form raises a TreeError. */
export const load =
  <S extends object>(like: S) =>
  (tensors: Readonly<Record<string, NdArray>>): { readonly state: S; readonly columns: Columns } => {
    const isColumn = (name: string): boolean => name.startsWith(COLUMN)
    const entries = Object.entries(tensors)
    const { state } = fromNamed({ state: like })(
      Object.fromEntries(entries.filter(([name]) => !isColumn(name)))
    )
    const columns = entries.filter(([name]) => isColumn(name))
    return {
      state,
      columns: Object.fromEntries(columns.map(([name, array]) => [name.slice(COLUMN.length), rowsOf(array)]))
    }
  }
