import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addProduct,
  addTransposed,
  grouped,
  groupedZeros,
  rowsFrom,
  ungrouped
} from '../../lib/blocks/block-product.js'
import { runs } from '../support/runs.js'

const size = fc.integer({ min: 1, max: 7 })
/** Whole numbers, so that sums are exact in any order. */
const numbers = (count: number) =>
  fc.array(fc.integer({ min: -9, max: 9 }), { minLength: count, maxLength: count })

describe('products of a block', () => {
  it('are those by definition, in both directions, for any number of rows, columns and outputs', () =>
    fc.assert(
      fc.property(
        fc
          .tuple(size, size, fc.integer({ min: 1, max: 11 }))
          .chain(([rows, columns, outputs]) =>
            fc.tuple(
              fc.constant({ rows, columns, outputs }),
              numbers(rows * columns),
              numbers(columns * outputs),
              numbers(rows * outputs)
            )
          ),
        ([{ rows, columns, outputs }, elements, x, w]) => {
          const block = Float32Array.from(elements)
          const [y, z] = [groupedZeros(rows, outputs), groupedZeros(columns, outputs)]
          grouped(x, columns, outputs).forEach((group, g) => addProduct(block, rows, columns, group, y[g]!))
          grouped(w, rows, outputs).forEach((group, g) => addTransposed(block, rows, columns, group, z[g]!))
          const [direct, transposed] = [ungrouped(y, rows, outputs), ungrouped(z, columns, outputs)]
          for (let o = 0; o < outputs; o++) {
            for (let i = 0; i < rows; i++) {
              let sum = 0
              for (let j = 0; j < columns; j++) sum += elements[i * columns + j]! * x[j * outputs + o]!
              expect(direct[i * outputs + o]).toBe(sum)
            }
            for (let j = 0; j < columns; j++) {
              let sum = 0
              for (let i = 0; i < rows; i++) sum += elements[i * columns + j]! * w[i * outputs + o]!
              expect(transposed[j * outputs + o]).toBe(sum)
            }
          }
        }
      ),
      { numRuns: runs(100) }
    ))

  it('add to the rows that are named', () => {
    const y = groupedZeros(3, 1)
    addProduct(Float32Array.of(2), 1, 1, grouped([3], 1, 1)[0]!, rowsFrom(y[0]!, 1))
    addProduct(Float32Array.of(2), 1, 1, grouped([1], 1, 1)[0]!, rowsFrom(y[0]!, 1))
    expect([...ungrouped(y, 3, 1)]).toEqual([0, 8, 0])
  })
})
