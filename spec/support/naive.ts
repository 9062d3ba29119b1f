import { type NdArray, of } from '../../lib/core/ndarray.js'
import { sizeOf, stridesOf } from '../../lib/core/shape.js'
import type { ContractOp } from '../../lib/graph/contract.js'

/** Every combination of values of the indices. */
const combinations = (sizes: readonly number[]): number[][] =>
  sizes.reduce<number[][]>(
    (all, size) => all.flatMap((head) => Array.from({ length: size }, (_, i) => [...head, i])),
    [[]]
  )

/** An einsum by its definition: a loop over all indices, with no thought of speed. */
export const naiveContract = (
  { operands, output, sizes }: ContractOp,
  inputs: readonly NdArray[]
): NdArray => {
  const shape = output.map((index) => sizes[index]!)
  const data = new Float64Array(sizeOf(shape))
  const position = (indices: readonly number[], values: readonly number[], of: readonly number[]): number =>
    indices.reduce((sum, index, axis) => sum + values[index]! * stridesOf(of)[axis]!, 0)
  for (const values of combinations(sizes)) {
    const term = inputs.reduce(
      (product, { shape: own, data: x }, k) => product * x[position(operands[k]!, values, own)]!,
      1
    )
    data[position(output, values, shape)]! += term
  }
  return of(shape, data)
}

/** What a function of one row gives along an axis of an array, row by row. */
export const naiveAlong = (
  { shape, data }: NdArray,
  axis: number,
  f: (row: readonly number[]) => readonly number[]
): NdArray => {
  const inner = sizeOf(shape.slice(axis + 1))
  const n = shape[axis]!
  const rows = Array.from({ length: data.length / n }, (_, r) => {
    const start = Math.floor(r / inner) * inner * n + (r % inner)
    return f(Array.from({ length: n }, (_row, i) => data[start + i * inner]!))
  })
  const count = rows[0]!.length
  const out = new Float64Array(rows.length * count)
  rows.forEach((row, r) =>
    row.forEach((value, i) => {
      out[Math.floor(r / inner) * inner * count + (r % inner) + i * inner] = value
    })
  )
  return of(shape.with(axis, count), out)
}
