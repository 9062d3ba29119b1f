import { expect, it } from 'vitest'
import type { KernelBackend } from '../../../kernels/kernel.js'
import * as ndarray from '../../../lib/core/ndarray.js'
import type { NdArray } from '../../../lib/core/ndarray.js'
import { evaluateGraph } from '../../../lib/graph/evaluate.js'
import { ops } from '../../../lib/graph/ops/index.js'
import { spec } from '../../../lib/graph/spec.js'
import type { Tensor } from '../../../lib/graph/tensor.js'
import * as nn from '../../../lib/nn/index.js'
import { keepsDenormals } from './ieee.js'
import { graphOf, runOn, useBackend } from './support.js'

/** The smallest normal float32. */
const NORMAL = 2 ** -126

/** Zeros of both signs, numbers below the normal ones, tiny and huge ones. */
const edge = [0, -0, 1e-45, -1e-45, 1e-40, -1e-40, 1e-30, -1e-30, 1e30, -1e30, 1, -1, 3.5, -0.75].map(
  Math.fround
)

/** How many units in the last place a function may be off on every backend; 0 is the very bits. */
const functions: readonly (readonly [string, (x: Tensor) => Tensor, number])[] = [
  ['neg', ops.neg, 0],
  ['abs', ops.abs, 0],
  ['sign', ops.sign, 0],
  ['floor', ops.floor, 0],
  ['square', ops.square, 0],
  ['relu', ops.relu, 0],
  ['exp', ops.exp, 4],
  ['tanh', ops.tanh, 4],
  ['erf', ops.erf, 8],
  ['sqrt of |x|', (x) => ops.sqrt(ops.abs(x)), 1],
  ['log of |x|', (x) => ops.log(ops.abs(x)), 4]
]

const pairs: readonly (readonly [string, (x: Tensor, y: Tensor) => Tensor, number])[] = [
  ['add', (x, y) => ops.add(y)(x), 0],
  ['sub', (x, y) => ops.sub(y)(x), 0],
  ['mul', (x, y) => ops.mul(y)(x), 0],
  ['max', (x, y) => ops.max(y)(x), 0],
  ['min', (x, y) => ops.min(y)(x), 0],
  ['less', (x, y) => ops.less(y)(x), 0],
  ['lessEqual', (x, y) => ops.lessEqual(y)(x), 0],
  ['equal', (x, y) => ops.equal(y)(x), 0],
  ['select', (x, y) => ops.where(ops.less(y)(x))(x, y), 0]
]

const ulp = (x: number): number => Math.max(2 ** -149, 2 ** (Math.floor(Math.log2(Math.abs(x))) - 23))

/** Numbers that a backend without denormals computes with. */
const flushed = (mode: KernelBackend, x: number): number =>
  !keepsDenormals(mode) && Math.abs(x) < NORMAL ? 0 : x

/** Every template on values at the edges of float32, against the reference rounded to float32 after each operation. */
export const keepsValues = (mode: KernelBackend): void => {
  const opened = useBackend(mode)
  const compare = async (
    f: (...args: Tensor[]) => Tensor,
    units: number,
    ...inputs: readonly NdArray[]
  ): Promise<void> => {
    const graph = graphOf(
      f,
      inputs.map(({ shape }) => spec(shape))
    )
    const [got] = await runOn(opened(), graph, inputs)
    const seen = inputs.map(({ shape, data }) =>
      ndarray.of(
        shape,
        Array.from(data, (x) => flushed(mode, x))
      )
    )
    const [want] = evaluateGraph(graph, seen, 'float32')
    want!.data.forEach((x, i) => {
      const y = got!.data[i]!
      const right = flushed(mode, x)
      const off =
        right === y || (Number.isNaN(right) && Number.isNaN(y)) ? 0 : Math.abs(y - right) / ulp(right)
      const tiny = !keepsDenormals(mode) && Math.abs(y) <= NORMAL && Math.abs(right) <= NORMAL
      if (!tiny)
        expect(
          off,
          `${inputs.map(({ data }) => data[i]).join(', ')}: ${y}, not ${right}`
        ).toBeLessThanOrEqual(units)
    })
  }
  const line = (values: readonly number[]): NdArray => ndarray.of([values.length], values)

  it.each(functions)('%s', (_, f, units) => compare((x) => f(x!), units, line(edge)))

  it.each(pairs)('%s', (_, f, units) =>
    compare(
      (x, y) => f(x!, y!),
      units,
      line(edge.flatMap((x) => edge.map(() => x))),
      line(edge.flatMap(() => edge))
    )
  )

  it('sums and products of tiny and of huge numbers', async () => {
    const n = edge.length
    const table = ndarray.of(
      [n, n],
      edge.flatMap((x) => edge.map((y) => (Math.abs(x) < 1e20 || Math.abs(y) < 1 ? x : y)))
    )
    const ones = ndarray.of([n, 4], new Array<number>(4 * n).fill(0.5))
    // sums differ by their order: huge numbers of both signs cancel, so that the bound is relative to them
    await compare((x, w) => ops.abs(ops.matmul(w!)(ops.mul(1e-30)(ops.abs(x!)))), 16, table, ones)
    await compare((x) => ops.sum(1)(ops.abs(x!)), 16, table)
    await compare((x) => ops.reduceMax(1)(x!), 0, table)
    await compare((x) => ops.reduceMax(0)(x!), 0, table)
  })

  it('moves every value as it is', async () => {
    const n = edge.length
    const table = ndarray.of([2, n], [...edge, ...edge.toReversed()])
    await compare((x) => ops.transpose()(x!), 0, table)
    await compare((x) => ops.pad([1, 0], [0, 2], { interior: [0, 1] })(x!), 0, table)
    await compare((x) => ops.concat(1)([x!, ops.neg(x!)]), 0, table)
    await compare((x) => ops.unfold([1, 3], [1, 2])(x!), 0, table)
    await compare((x) => ops.slice([0, 1], [2, n], [1, 3])(x!), 0, table)
  })

  it('products, windows and choices of tiny and of huge numbers', async () => {
    const n = edge.length
    const values = line(edge)
    const images = ndarray.of([1, 1, 2, n], [...edge, ...edge.toReversed()])
    const halves = ndarray.of([1, 1, 2, 2], [0.5, 0.5, 0.5, 0.5])
    await compare((x, y) => ops.einsum('m,n->mn')(x!, y!), 0, values, values)
    await compare(
      (x, w) => ops.einsum('mk,k->m')(ops.abs(x!), w!),
      16,
      ndarray.of([3, n], [...edge, ...edge, ...edge]),
      ndarray.of([n], new Array<number>(n).fill(0.5))
    )
    await compare(
      (x, w) => ops.einsum('ncijyx,ocij->noyx')(ops.unfold([2, 2], [1, 1])(ops.abs(x!)), w!),
      16,
      images,
      halves
    )
    await compare((x) => nn.maxPool(2, { stride: 1 }).apply({})(x!), 0, images)
    await compare((x) => nn.avgPool(2).apply({})(ops.abs(x!)), 16, images)
    await compare((x) => ops.oneHot(4)(x!), 0, values)
    await compare(
      (x, y) => ops.gather(y!)(x!),
      0,
      ndarray.of([2, n], [...edge, ...edge.toReversed()]),
      line([3, n - 1])
    )
    await compare((x, b) => ops.relu(ops.add(b!)(ops.mul(x!)(b!))), 1, values, line(edge.toReversed()))
    await compare(
      (x) => ops.sum(0)(ops.abs(x!)),
      32,
      line(Array.from({ length: 1025 }, (_, i) => edge[i % n]!))
    )
    for (let k = 1; k <= n; k++) await compare((x) => ops.topKMask(k)(x!), 0, values)
  })

  it('a softmax of huge numbers is a softmax', async () => {
    const rows = ndarray.of([2, 4], [1e30, -1e30, 0, 1, 1e-30, -1e-30, 0, -0])
    await compare((x) => ops.softmax(1)(x!), 8, rows)
    await compare((x) => ops.logSumExp(1)(x!), 8, rows)
  })

  it('counts a NaN among scores as the lowest number', async () => {
    const graph = graphOf((x: Tensor) => ops.topKMask(2)(x), [spec([3, 5])])
    const scores = ndarray.fromNested([
      [1, NaN, 3, 2, 0],
      [NaN, NaN, NaN, NaN, 5],
      [NaN, -1, -3, -2, NaN]
    ])
    const [got] = await runOn(opened(), graph, [scores])
    expect(ndarray.toNested(got!)).toEqual([
      [0, 0, 1, 1, 0],
      [1, 0, 0, 0, 1],
      [0, 1, 0, 1, 0]
    ])
  })
}
