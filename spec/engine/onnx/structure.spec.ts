import * as fc from 'fast-check'
import { describe, it } from 'vitest'
import type { Shape } from '../../../lib/core/shape.js'
import { apply } from '../../../lib/graph/tensor.js'
import {
  array,
  expectAgreement,
  holds,
  input,
  kinds,
  primitiveAgrees,
  shapeOf,
  useBackends
} from './support.js'

const opened = useBackends()

describe.each(kinds)('onnx:%s, structure as on the reference', (kind) => {
  it('reshape', async () =>
    holds(
      fc.constantFrom<readonly [Shape, Shape]>(
        [[], [1, 1]],
        [[1], []],
        [
          [2, 6],
          [3, 4]
        ],
        [[2, 6], [12]],
        [
          [2, 1, 3],
          [2, 3]
        ]
      ),
      ([from, to]) => primitiveAgrees(opened(kind), { tag: 'reshape', shape: to }, [from])
    ))

  it('slice', async () =>
    holds(
      shapeOf().chain((shape) =>
        fc.tuple(
          fc.constant(shape),
          fc.tuple(
            ...shape.map((n) =>
              fc
                .tuple(
                  fc.integer({ min: 0, max: n - 1 }),
                  fc.integer({ min: 1, max: n }),
                  fc.integer({ min: 1, max: 3 })
                )
                .map(([i, j, step]) => [i, Math.max(i + 1, j), step] as const)
            )
          )
        )
      ),
      ([shape, cuts]) =>
        primitiveAgrees(
          opened(kind),
          {
            tag: 'slice',
            start: cuts.map(([i]) => i),
            limit: cuts.map(([, j]) => j),
            stride: cuts.map(([, , step]) => step)
          },
          [shape]
        )
    ))

  it('pad, around and between', async () => {
    const amount = fc.integer({ min: 0, max: 2 })
    await holds(
      shapeOf().chain((shape) => {
        const amounts = fc.tuple(...shape.map(() => amount))
        return fc.tuple(fc.constant(shape), amounts, amounts, amounts)
      }),
      ([shape, low, high, interior]) =>
        primitiveAgrees(opened(kind), { tag: 'pad', low, high, interior }, [shape])
    )
  })

  it('concat', async () =>
    holds(
      shapeOf(1).chain((shape) =>
        fc.tuple(
          fc.constant(shape),
          fc.nat(shape.length - 1),
          fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 })
        )
      ),
      ([shape, axis, sizes]) =>
        primitiveAgrees(
          opened(kind),
          { tag: 'concat', axis },
          sizes.map((n) => shape.with(axis, n))
        )
    ))

  it('topKMask: exactly k, ties to the smaller index', async () =>
    holds(
      shapeOf(1).chain((shape) => {
        const last = shape.length - 1
        return fc.tuple(fc.constant(shape.with(last, 9)), fc.integer({ min: 1, max: 9 }))
      }),
      ([shape, k]) =>
        primitiveAgrees(opened(kind), { tag: 'topKMask', k }, [shape], fc.constantFrom(-1, 0, 0.5, 2))
    ))

  it('topKMask is exact under ties in long rows too', async () => {
    const n = 5000
    const x = input([2, n])
    const values = [
      array(
        [2, n],
        Array.from({ length: 2 * n }, (_, i) => (i * 7919) % 5)
      )
    ]
    for (const k of [1, 40, 1000, 2500, 4990, n])
      await expectAgreement(opened(kind), [x], [apply({ tag: 'topKMask', k }, [x])], values)
  })
})
