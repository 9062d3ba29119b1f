import { evaluateOn, ndarray, ntk, type Tensor } from 'tangentflow'
import type { State } from './lesson.js'

/** Without weights there is nothing to correlate. */
const LEAST = 0.05

/** σ_w² and σ_b². */
const variancesOf = ([weights = 0, biases = 0]: State['variances']): readonly [number, number] => [
  Math.max(LEAST, weights),
  biases
]

// #region network
const { dense, erf, relu, serial, sin } = ntk.infinite
const activations = { relu, erf, sin }

const networkOf = ({ activation, variances }: Omit<State, 'depth'>, depth: number) => {
  const [weights, biases] = variancesOf(variances)
  const affine = dense({ sigmaW: Math.sqrt(weights), sigmaB: Math.sqrt(biases) })
  return serial(...Array.from({ length: depth }, () => [affine, activations[activation]]).flat(), affine)
}
// #endregion network

/** The angles of the curves, in degrees. */
export const ANGLES: readonly number[] = Array.from({ length: 37 }, (_, i) => 5 * i)
/** The angles whose correlation is followed through the layers. */
export const STARTS: readonly number[] = [20, 60, 90, 135, 180]

const cosineOf = (angle: number): number => Math.cos((angle * Math.PI) / 180)

/** Inputs in the plane of so many covariances with the first axis, each of the variance `q` that a unit then has. */
const inputsOf = (q: number, cosines: readonly number[]) =>
  ndarray.fromNested(
    cosines.map((c) => [Math.sqrt(2 * q) * c, Math.sqrt(2 * q) * Math.sqrt(Math.max(0, 1 - c * c))])
  )

/** What the layers make of two inputs. */
export interface Layers {
  /** NNGP and NTK over {@link ANGLES}. */
  readonly nngp: readonly number[]
  readonly theta: readonly number[]
  /** Of each start, the correlation at the input and after every hidden layer. */
  readonly correlations: readonly (readonly number[])[]
  /** The slope of the map of correlations at 1, in the deepest layer. */
  readonly chi: number
}

// #region layer
/** One hidden layer on units of variance q: the variance after it, the correlations after it, and χ. */
const layerOf = ({ activation, variances }: Omit<State, 'depth'>, q: number, cosines: readonly number[]) => {
  const [weights, biases] = variancesOf(variances)
  // the first layer only carries the covariances of the inputs on, as if earlier layers had made them
  const affine = dense({ sigmaW: Math.sqrt(weights), sigmaB: Math.sqrt(biases) })
  const net = serial(dense({ sigmaW: 1 }), activations[activation], affine)
  const [first, all] = [inputsOf(q, [1]), inputsOf(q, [1, ...cosines])]
  const { nngp, ntk: theta } = evaluateOn((x: Tensor, to: Tensor) => net.kernel(x, to))(first, all)
  const after = nngp.data[0]!
  return {
    q: after,
    cosines: cosines.map((_, i) => nngp.data[i + 1]! / after),
    chi: (theta.data[0]! - after) / q // Θ′ = Σ′ + χ Θ at equal inputs, where Θ = q here
  }
}
// #endregion layer

/** The kernels of a network of infinite width, and how the correlation of two inputs goes through its layers. */
export const layersOf = ({ depth, ...state }: State): Layers => {
  // inputs of length 1 in two dimensions
  const [first, circle] = [inputsOf(1 / 2, [1]), inputsOf(1 / 2, ANGLES.map(cosineOf))]
  // #region kernels
  const net = networkOf(state, depth)
  const { nngp, ntk: theta } = evaluateOn((x: Tensor, all: Tensor) => net.kernel(x, all))(first, circle)
  // #endregion kernels
  const [weights, biases] = variancesOf(state.variances)
  let q = weights / 2 + biases
  let cosines: readonly number[] = STARTS.map((angle) => ((weights / 2) * cosineOf(angle) + biases) / q)
  const seen = [cosines]
  for (let layer = 0; layer < depth; layer++) {
    ;({ q, cosines } = layerOf(state, q, cosines))
    seen.push(cosines)
  }
  return {
    nngp: Array.from(nngp.data),
    theta: Array.from(theta.data),
    correlations: STARTS.map((_, i) => seen.map((each) => each[i]!)),
    chi: layerOf(state, q, cosines).chi
  }
}
