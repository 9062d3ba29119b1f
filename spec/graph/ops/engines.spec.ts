import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type EngineName, formatError, grad, openEngine, ops, spec, type Tensor } from 'tangentflow'
import { engineAgrees } from 'tangentflow/laws'
import { shapes } from '../../../lib/laws/arbitraries.js'
import { convolutions, convolved } from '../../support/convolutions.js'
import { runs } from '../../support/runs.js'

/** Engines that are anywhere, and how many shapes each is given: compiling takes most of the time. */
const engines: readonly (readonly [EngineName, number])[] = [
  ['onnx:native', 12],
  ['onnx:wasm', 6],
  ['gpujs:webasm', 6],
  ['gpujs:cpu', 3]
]

describe.each(engines)('on %s', (name, count) => {
  const opened = openEngine({ require: name, threads: 1 })
  const agrees = async (f: (...xs: readonly Tensor[]) => unknown, ...own: readonly (readonly number[])[]) => {
    const engine = await opened()
    if (E.isLeft(engine)) throw new Error(formatError(engine.left))
    expect(engine.right.describe.engine).toBe(name)
    await engineAgrees(
      engine.right,
      f,
      own.map((shape) => spec(shape)),
      { runs: 1 }
    )
    await engine.right.dispose()
  }

  it('reductions, running sums and order, and their gradients, on random shapes', () =>
    fc.assert(
      fc.asyncProperty(
        shapes({ minRank: 1, maxRank: 3, maxSize: 5 }),
        fc.nat({ max: 2 }),
        async (shape, at) => {
          const axis = at % shape.length
          const each: readonly ((x: Tensor) => Tensor)[] = [
            ops.reduceMin(axis),
            ops.sum(axis, { keepDims: true }),
            ops.reduceMax(axis, { keepDims: true }),
            ops.cumsum(axis),
            ops.sort(axis),
            (x) => ops.topK(1, axis)(x).values,
            ops.pad(
              shape.map(() => 1),
              shape.map(() => 0),
              { value: 2 }
            )
          ]
          const places = [ops.argMax(axis), ops.argMin(), ops.argSort(axis, { descending: true })]
          await agrees(
            (x) => [
              ...places.map((f) => f(x!)),
              ...each.map((f) => f(x!)),
              ...each.map((f) => grad((t: Tensor) => ops.sum()(ops.sin(f(t))))(x!))
            ],
            shape
          )
        }
      ),
      { numRuns: runs(count) }
    ))

  it('convolutions with stride, padding, dilation and groups, and their gradients', () =>
    fc.assert(
      fc.asyncProperty(convolutions, (of) => {
        const energy = (x: Tensor, w: Tensor): Tensor => ops.sum()(ops.sin(convolved(of)(x, w)))
        return agrees(
          (x, w) => [
            convolved(of)(x!, w!),
            grad(energy)(x!, w!),
            grad((v: Tensor, t: Tensor) => energy(t, v))(w!, x!)
          ],
          of.x,
          of.w
        )
      }),
      { numRuns: runs(count) }
    ))
})
