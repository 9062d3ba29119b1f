import * as E from 'fp-ts/lib/Either.js'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import {
  type Engine,
  type EngineName,
  formatError,
  evaluateOn,
  grad,
  type NdArray,
  ndarray,
  openEngine,
  ops,
  run,
  type Tensor,
  type TangentError
} from 'tangentflow'
import { right } from './either.js'
import { isGpu } from './numbers.js'

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

const lengths = [512, 1024, 4099, 65_537, 2 ** 20, 2 ** 20 - 3] as const

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

/** Holds an engine to the accuracy of long sums; a GPU that is not there is skipped with the reason. */
export const addsLongSums = (require: EngineName): void => {
  let opened: E.Either<TangentError, Engine>
  beforeAll(async () => {
    opened = await openEngine({ require })()
    if (!isGpu(require)) right(opened)
  })
  beforeEach((context) => {
    if (E.isLeft(opened)) context.skip(formatError(opened.left))
  })
  afterAll(() => (E.isRight(opened) ? opened.right.dispose() : undefined))

  const valueOf = async (f: (x: Tensor) => Tensor, x: NdArray): Promise<NdArray['data']> =>
    right(await run(right(opened))(f)(x)()).value.data

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

  it('2^24 + 4096 ones are 16,781,312', async () => {
    expect(await valueOf(ops.sum(), ndarray.full([2 ** 24 + 4096], 1))).toEqual(
      require === 'reference' ? Float64Array.of(16_781_312) : Float32Array.of(16_781_312)
    )
  })
}
