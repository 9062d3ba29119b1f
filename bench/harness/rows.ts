import { type NdArray, ndarray } from '../../lib/index.js'

/** The rows of an array from one place to another. */
export const rows = (from: number, to: number, array: NdArray): NdArray =>
  ndarray.takeRows(
    'rows',
    array,
    Array.from({ length: to - from }, (_, i) => from + i)
  )
