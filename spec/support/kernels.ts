import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import { formatError, key, type NdArray, ndarray, normals, ntk, type TangentError } from 'tangentflow'

/** The value of a computation that must succeed. */
export const right = <A>(result: E.Either<TangentError, A>): A => {
  if (E.isLeft(result)) throw new Error(formatError(result.left))
  return result.right
}

/** The error of a computation that must refuse. */
export const left = (result: E.Either<TangentError, unknown>): TangentError => {
  if (E.isRight(result)) throw new Error('it did not refuse')
  return result.left
}

/** Standard normal numbers of a shape in float64, from a seed. */
export const randomArray = (seed: number, shape: readonly number[]): NdArray =>
  ndarray.of(
    shape,
    Float64Array.from(
      normals(
        key(seed),
        shape.reduce((n, m) => n * m, 1)
      )
    )
  )

/** A linear model f(x) = J(x) θ with its features: kernels of every layout come from it, and its training is exact. */
export interface LinearCase {
  readonly examples: number
  readonly outputs: number
  readonly features: number
  /** J(X), [n, o, features], and J(x) of other inputs, [m, o, features]. */
  readonly train: NdArray
  readonly test: NdArray
  readonly targets: NdArray
  /** θ₀. */
  readonly params: NdArray
  readonly seed: number
}

/** Random linear models; `features` below n·o make kernels with eigenvalues of zero. */
export const linearCases: fc.Arbitrary<LinearCase> = fc
  .record({
    examples: fc.integer({ min: 1, max: 5 }),
    outputs: fc.integer({ min: 1, max: 3 }),
    features: fc.integer({ min: 1, max: 12 }),
    seed: fc.nat({ max: 1e6 })
  })
  .map(({ examples, outputs, features, seed }) => ({
    examples,
    outputs,
    features,
    train: randomArray(seed, [examples, outputs, features]),
    test: randomArray(seed + 1, [2, outputs, features]),
    targets: randomArray(seed + 2, [examples, outputs]),
    params: randomArray(seed + 3, [features]),
    seed
  }))

/** J₁ J₂ᵀ, [n, m, o, o]. */
export const productOf = (a: NdArray, b: NdArray): NdArray => {
  const [n = 0, o = 0, features = 0] = a.shape
  const m = b.shape[0]!
  const data = new Float64Array(n * m * o * o)
  for (let at = 0; at < data.length; at++) {
    const [i, j] = [Math.floor(at / (m * o * o)), Math.floor(at / (o * o)) % m]
    const [p, q] = [Math.floor(at / o) % o, at % o]
    for (let f = 0; f < features; f++)
      data[at]! += a.data[(i * o + p) * features + f]! * b.data[(j * o + q) * features + f]!
  }
  return ndarray.of([n, m, o, o], data)
}

/** J θ, [n, o]. */
export const outputsOf = (jacobian: NdArray, params: ArrayLike<number>): NdArray => {
  const [n = 0, o = 0, features = 0] = jacobian.shape
  return ndarray.of(
    [n, o],
    Float64Array.from({ length: n * o }, (_, row) => {
      let sum = 0
      for (let f = 0; f < features; f++) sum += jacobian.data[row * features + f]! * params[f]!
      return sum
    })
  )
}

/** A random kernel [n, n] of the given rank, with features of unit variance. */
export const kernelOf = (seed: number, n: number, rank: number): NdArray => {
  const { data } = productOf(randomArray(seed, [n, 1, rank]), randomArray(seed, [n, 1, rank]))
  return ndarray.of([n, n], data)
}

/** Θ of `worked` in support/networks, with eigenvalues 9/2 and 1/4. */
export const workedKernel = ndarray.fromNested([
  [17 / 4, 1],
  [1, 1 / 2]
])

/** Times of training. */
export const times = fc.double({ min: 0, max: 30, noNaN: true })

/** Rates that keep descent stable, as a part of the largest stable one. */
export const stable = (kernel: NdArray, part: number, momentum: number): number =>
  Math.min(10, part * right(ntk.maxLearningRate(kernel, { momentum })))

/** Real training of a linear model, parameters and all: θ ← θ + β(θ − θ₋) − (η/N) Jᵀ∇. */
export const descend = (
  { train, targets, params, examples }: LinearCase,
  { rate, momentum, steps }: { readonly rate: number; readonly momentum: number; readonly steps: number }
): Float64Array => {
  let [now, before] = [Float64Array.from(params.data), Float64Array.from(params.data)]
  const features = now.length
  for (let k = 0; k < steps; k++) {
    const residual = outputsOf(train, now).data.map((f, i) => f - targets.data[i]!)
    const next = now.map((p, f) => {
      let slope = 0
      residual.forEach((r, row) => (slope += r * train.data[row * features + f]!))
      return p + momentum * (p - before[f]!) - (rate / examples) * slope
    })
    ;[now, before] = [next, now]
  }
  return now
}

/** The arguments of a prediction for a linear model. */
export const setting = (one: LinearCase) => ({
  kernel: productOf(one.train, one.train),
  start: outputsOf(one.train, one.params.data),
  test: { kernel: productOf(one.test, one.train), start: outputsOf(one.test, one.params.data) }
})

/** The identity matrix [n, n]. */
export const identity = (n: number): NdArray =>
  ndarray.of(
    [n, n],
    Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0))
  )

/** An array in float64, each element replaced by its image. */
export const mapped = (array: NdArray, f: (x: number, i: number) => number): NdArray =>
  ndarray.of(array.shape, Float64Array.from(array.data).map(f))
