import { expect, it } from 'vitest'
import { type EngineName, evaluateOn, grad, type NdArray, ndarray, ops, run, type Tensor } from 'tangentflow'
import { right } from './either.js'
import { openedEngine } from './opened-engine.js'

/** Numbers of one size, whose roundings all go one way, or of many. */
const fillings = {
  equal: () => 0.1,
  mixed: (i: number) => ((i * 7919) % 10_007) / 10_007,
  signed: (i: number) => ((i * 7919) % 10_007) / 5_003 - 1
} as const

const filled = (shape: readonly number[], filling: keyof typeof fillings): NdArray => {
  const size = shape.reduce((n, m) => n * m, 1)
  return ndarray.of(
    shape,
    Float32Array.from({ length: size }, (_, i) => fillings[filling](i))
  )
}

/** Sums of n numbers: the shape of the argument, what is summed, and Σ|x| of each sum. */
const sums: readonly (readonly [
  name: string,
  shape: (n: number) => readonly number[],
  sum: (x: Tensor) => Tensor
])[] = [
  ['all', (n) => [n], ops.sum()],
  ['the first axis', (n) => [n, 3], ops.sum(0)],
  ['the last axis', (n) => [2, n], ops.sum(1)],
  ['a middle axis', (n) => [2, n, 3], ops.sum(1)],
  ['two axes', (n) => [Math.ceil(n / 64), 2, 64], ops.sum([0, 2])],
  ['a mean', (n) => [n], ops.mean()],
  ['a dot product', (n) => [n], (x) => ops.dot(x)(x)],
  ['a product of columns', (n) => [n, 3], (x) => ops.einsum('ia,ib->ab')(x, x)],
  ['a product of rows', (n) => [3, n], (x) => ops.einsum('ai,bi->ab')(x, x)]
]

const magnitude =
  (sum: (x: Tensor) => Tensor) =>
  (x: Tensor): Tensor =>
    sum(ops.abs(x))

/** Holds an engine to the accuracy of sums of these lengths. */
export const addsLongSums = (require: EngineName, lengths: readonly number[]): void => {
  const engine = openedEngine(require)
  const valueOf = async (f: (x: Tensor) => Tensor, x: NdArray): Promise<NdArray['data']> =>
    right(await run(engine())(f)(x)()).value.data

  it.each(sums)(
    'sums over %s are right to 1e-5 of Σ|x|, matrix products to 2e-5',
    async (name, shape, sum) => {
      const tolerance = name.startsWith('a product') ? 2e-5 : 1e-5
      for (const n of lengths) {
        for (const filling of ['equal', 'mixed', 'signed'] as const) {
          const x = filled(shape(n), filling)
          const [got, want] = [await valueOf(sum, x), evaluateOn(sum)(x).data]
          const scale = evaluateOn(magnitude(sum))(x).data
          got.forEach((value, i) => {
            expect(Math.abs(value - want[i]!), `${n} ${filling} [${i}]`).toBeLessThanOrEqual(
              tolerance * scale[i]!
            )
          })
        }
      }
    }
  )

  it('gradients of biases over large batches are right', async () => {
    const x = filled([20_000, 4], 'mixed')
    const loss = (b: Tensor): Tensor =>
      ops.sum()(ops.mul(ops.constant(x))(ops.add(b)(ops.broadcastTo([20_000, 4])(b))))
    const got = await valueOf(grad(loss), ndarray.zeros([4]))
    const want = evaluateOn(grad(loss))(ndarray.zeros([4])).data
    got.forEach((value, i) => expect(value / want[i]!).toBeCloseTo(1, 5))
  })
}
