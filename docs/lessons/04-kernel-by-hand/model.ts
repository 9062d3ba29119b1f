import { type Concrete, evaluateOn, ndarray, nn, ntk, type Tensor } from 'tangentflow'
import { right } from '../frame/lesson.js'

/** Both weights of both hidden units. */
type Weights = readonly [first: readonly [number, number], second: readonly [number, number]]

// #region network
const dense = (width: number) => nn.dense(width, { parametrisation: 'ntk', sigmaW: 1, bias: false })
const net = nn.serial(dense(2), nn.relu, dense(1))

/** The parameters, by layer: a column of the first matrix for each hidden unit, then the output weights 1 and −1. */
const paramsOf = ([[a, b], [c, d]]: Weights): Concrete<nn.Params> => [
  { w: ndarray.fromNested([[a, c], [b, d]]) }, // prettier-ignore
  {},
  { w: ndarray.fromNested([[1], [-1]]) }
]

const inputs = ndarray.fromNested([[1, 1], [1, 0]]) // prettier-ignore
const targets = ndarray.fromNested([[1], [0]])
// #endregion network

// #region kernel
const kernelAndShares = evaluateOn((params: nn.Params, x: Tensor) => ({
  start: net.apply(params)(x),
  theta: ntk.empiricalNtk(net.apply, { outputs: 'mean' })(params, x),
  shares: ntk.layerKernels(net.apply, { outputs: 'mean' })(params, x)
}))
// #endregion kernel

/** A symmetric 2 × 2 matrix as its three numbers. */
export type Symmetric = readonly [both: number, mixed: number, second: number]

const symmetric = (data: ArrayLike<number>): Symmetric => [data[0]!, data[1]!, data[3]!]

/** The kernel of the network, and what it says. */
export interface KernelByHand {
  readonly theta: Symmetric
  /** The shares of the hidden and of the output weights. */
  readonly hidden: Symmetric
  readonly output: Symmetric
  readonly eigenvalues: readonly [number, number]
  /** The unit eigenvectors. */
  readonly modes: readonly [readonly [number, number], readonly [number, number]]
  /** The largest stable rate, ∞ where the kernel is zero. */
  readonly stable: number
}

/** The kernel Θ of the worked network with these hidden weights. */
export const kernelOf = (weights: Weights): KernelByHand => {
  const { theta, shares } = kernelAndShares(paramsOf(weights), inputs)
  // #region spectrum
  const { values, vectors } = right(ntk.spectrum(theta))
  const stable = right(ntk.maxLearningRate(theta)) // 2N / λ_max
  // #endregion spectrum
  return {
    theta: symmetric(theta.data),
    hidden: symmetric(shares[0]!.w!.data),
    output: symmetric(shares[2]!.w!.data),
    eigenvalues: [values[0]!, values[1]!],
    modes: [
      [vectors.data[0]!, vectors.data[1]!],
      [vectors.data[2]!, vectors.data[3]!]
    ],
    stable
  }
}

/** How many steps are taken. */
export const STEPS = 30

/** The length of the residual along both modes, before the first step and after each. */
export const descentOf = (weights: Weights, rate: number): readonly (readonly [number, number])[] => {
  const { theta, start } = kernelAndShares(paramsOf(weights), inputs)
  const { modes } = kernelOf(weights)
  // #region descent
  const times = Array.from({ length: STEPS + 1 }, (_, step) => step)
  const options = { start, dynamics: 'descent', rate, times } as const
  const { train } = right(ntk.predictMse(theta, targets, options))
  // #endregion descent
  return train.map(({ data }) => {
    const residual = data.map((f, i) => f - targets.data[i]!)
    const along = ([u, v]: readonly [number, number]) => Math.abs(u * residual[0]! + v * residual[1]!)
    return [along(modes[0]), along(modes[1])]
  })
}
