import * as fc from 'fast-check'
import { type Concrete, key, type NdArray, ndarray, nn, uniforms } from 'tangentflow'

/** Small dense networks, their parameters and a labelled batch in the unit box, from a seed. */
export interface Case {
  readonly net: nn.Network
  readonly params: Concrete<nn.Params>
  readonly data: nn.Dataset
  readonly classes: number
  readonly seed: number
}

export const batchOf = (seed: number, count: number, inputs: number, classes: number): nn.Dataset => ({
  x: ndarray.of([count, inputs], uniforms(key(seed + 1), count * inputs)),
  y: ndarray.of(
    [count],
    uniforms(key(seed + 2), count).map((u) => Math.floor(u * classes))
  )
})

export const cases: fc.Arbitrary<Case> = fc
  .record({
    inputs: fc.integer({ min: 1, max: 4 }),
    hidden: fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 2 }),
    classes: fc.integer({ min: 2, max: 4 }),
    count: fc.integer({ min: 1, max: 4 }),
    smooth: fc.boolean(),
    ntk: fc.boolean(),
    seed: fc.nat({ max: 1e6 })
  })
  .map(({ inputs, hidden, classes, count, smooth, ntk, seed }) => {
    const options: nn.DenseOptions = ntk ? { parametrisation: 'ntk', sigmaB: 0.5 } : { sigmaB: 0.1 }
    const net = nn.serial(
      ...hidden.flatMap((width) => [nn.dense(width, options), smooth ? nn.tanh : nn.relu]),
      nn.dense(classes, options)
    )
    return {
      net,
      params: net.init(key(seed), [inputs]),
      data: batchOf(seed, count, inputs, classes),
      classes,
      seed
    }
  })

/** The largest difference of two arrays, as a part of the largest element (at least 1e-12). */
export const relativeError = (a: NdArray, b: NdArray): number => {
  const size = Array.from(b.data).reduce((most, x) => Math.max(most, Math.abs(x)), 1e-12)
  return maxDifference(a, b) / size
}

export const maxDifference = (a: NdArray, b: NdArray): number => {
  if (a.data.length !== b.data.length) return Infinity
  let most = 0
  for (let i = 0; i < a.data.length; i++) most = Math.max(most, Math.abs(a.data[i]! - b.data[i]!))
  return most
}

/** f = Σ aⱼ relu(wⱼ·x/√2)/√2 with w₁ = (1, 2), w₂ = (−1, 3), a = (1, −1): worked by hand. */
export const worked = {
  net: nn.serial(
    nn.dense(2, { parametrisation: 'ntk', sigmaW: 1, bias: false }),
    nn.relu,
    nn.dense(1, { parametrisation: 'ntk', sigmaW: 1, bias: false })
  ),
  params: [
    {
      w: ndarray.fromNested([
        [1, -1],
        [2, 3]
      ])
    },
    {},
    { w: ndarray.fromNested([[1], [-1]]) }
  ] as Concrete<nn.Params>,
  x: ndarray.fromNested([
    [1, 1],
    [1, 0]
  ])
}

const convolutions: nn.Network = nn.serial(
  nn.reshape([1, 6, 6]),
  nn.conv2d(3, 3, { padding: 'same', sigmaB: 0.1 }),
  nn.relu,
  nn.maxPool(2),
  nn.conv2d(4, 2, { sigmaB: 0.1 }),
  nn.relu,
  nn.flatten,
  nn.dense(3)
)

/** A small network with two convolutions, of different windows, on flat images of 6 × 6. */
export const convolved = { net: convolutions, params: convolutions.init(key(1), [36]) }

/** A mask that removes every third weight. */
export const withoutThirds = (params: Concrete<nn.Params>): Concrete<nn.Weights> =>
  params.map(({ w }) =>
    w === undefined
      ? {}
      : {
          w: ndarray.of(
            w.shape,
            w.data.map((_, i) => (i % 3 === 0 ? 0 : 1))
          )
        }
  )
