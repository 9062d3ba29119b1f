import { expect, it } from 'vitest'
import * as ndarray from '../../../lib/core/ndarray.js'
import type { Backend } from '../../../lib/engine/backend.js'
import { ops } from '../../../lib/graph/ops/index.js'
import { spec } from '../../../lib/graph/spec.js'
import type { Tensor } from '../../../lib/graph/tensor.js'
import { graphOf, runOn } from './support.js'

const COUNT = 4096

/** The distance between neighbours of float32 at x. */
const unitAt = (x: number): number =>
  Math.abs(x) < 2 ** -126 ? 2 ** -149 : 2 ** (Math.floor(Math.log2(Math.abs(x))) - 23)

/** Name, function, its meaning in float64, the range, and how many units in the last place it may be off. */
const cases: readonly (readonly [
  string,
  (x: Tensor) => Tensor,
  (x: number) => number,
  readonly [number, number],
  number
])[] = [
  ['exp', ops.exp, Math.exp, [-87, 88.7], 4],
  ['log near 1', ops.log, Math.log, [0.25, 4], 4],
  ['log', ops.log, Math.log, [1e-30, 1e6], 4],
  ['expm1 near 0', ops.expm1, Math.expm1, [-0.7, 0.7], 4],
  ['expm1', ops.expm1, Math.expm1, [-30, 88.5], 4],
  ['log1p near 0', ops.log1p, Math.log1p, [-0.6, 1.2], 4],
  ['log1p', ops.log1p, Math.log1p, [-0.9999, 1e6], 4],
  ['sin', ops.sin, Math.sin, [-100, 100], 4],
  ['cos', ops.cos, Math.cos, [-100, 100], 4],
  ['sin far out', ops.sin, Math.sin, [-8192, 8192], 4],
  ['tanh', ops.tanh, Math.tanh, [-9, 9], 8],
  ['sqrt', ops.sqrt, Math.sqrt, [0, 100], 4],
  ['a power', ops.pow(0.3), (x) => x ** Math.fround(0.3), [0.01, 100], 8]
]

/** Elementary functions to the last digits, so that derivatives through them are worth something. */
export const isAccurate = (backend: () => Backend): void => {
  it.each(cases)('%s', async (_, f, meaning, [from, to], units) => {
    const xs = Float32Array.from({ length: COUNT }, (_x, i) => from + ((to - from) * (i + 0.37)) / COUNT)
    const graph = graphOf((x: Tensor) => f(x), [spec([COUNT])])
    const [got] = await runOn(backend(), graph, [ndarray.of([COUNT], xs)])
    const worst = xs.reduce((most, x, i) => {
      const want = meaning(x)
      return Math.max(most, Math.abs(got!.data[i]! - want) / unitAt(want))
    }, 0)
    expect(worst).toBeLessThan(units)
  })
}
