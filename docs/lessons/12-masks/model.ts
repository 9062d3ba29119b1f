import {
  type Concrete,
  data,
  evaluateOn,
  key,
  type Key,
  mask,
  ndarray,
  nn,
  ntk,
  type Tensor,
  train
} from 'tangentflow'
import { right } from '../frame/lesson.js'

// #region worked
const dense = (width: number) => nn.dense(width, { parametrisation: 'ntk', sigmaW: 1, bias: false })
const worked = nn.serial(dense(2), nn.relu, dense(1))

/** The network of lesson 4: hidden weights (1, 2) and (−1, 3), output weights 1 and −1. */
const params: Concrete<nn.Params> = [
  { w: ndarray.fromNested([[1, -1], [2, 3]]) }, // prettier-ignore
  {},
  { w: ndarray.fromNested([[1], [-1]]) }
]
const inputs = ndarray.fromNested([[1, 1], [1, 0]]) // prettier-ignore
const targets = ndarray.fromNested([[1], [1]]) // prettier-ignore
// #endregion worked

/** The weights in the order of the mask: of the first hidden unit, of the second, and of the output. */
export const WEIGHTS = [1, 2, -1, 3, 1, -1] as const

/** The mask as a tree like the parameters. */
const maskOf = ([a, b, c, d, e, f]: readonly number[]): Concrete<nn.Params> => [
  { w: ndarray.fromNested([[a!, c!], [b!, d!]]) }, // prettier-ignore
  {},
  { w: ndarray.fromNested([[e!], [f!]]) }
]

/** What a mask leaves of the worked network. */
export interface Masked {
  /** Its kernel, as three numbers. */
  readonly theta: readonly [number, number, number]
  readonly eigenvalues: readonly number[]
  readonly rank: number
  /** The outputs' change in one small step of masked training, divided by the rate. */
  readonly moved: readonly [number, number]
  /** What the kernel says it is. */
  readonly predicted: readonly [number, number]
}

const RATE = 1e-6

/** The network under a mask, with the kernel of one form. */
export const maskedBy = (kept: readonly number[], form: 'restricted' | 'ambient'): Masked => {
  // #region masked
  const m = maskOf(kept)
  const theta = evaluateOn((p: nn.Params, x: Tensor, tree: unknown) =>
    ntk.empiricalNtk(worked.apply, { outputs: 'mean', mask: form })(p, x, x, tree)
  )(params, inputs, m)

  // one step of masked gradient descent on the mean of ½(f − y)²
  const state = {
    params: mask.applyConcrete(m)(params),
    state: train.initialState(train.sgd)<nn.Params>(params)
  }
  const step = train.trainStep(worked.apply, { optimiser: train.sgd, loss: nn.mse })
  const batch = { x: inputs, y: targets }
  const { to } = evaluateOn(step)(state, batch, m, ndarray.scalar(RATE), key(0), ndarray.scalar(0))
  // #endregion masked
  const outputs = evaluateOn((p: nn.Params, x: Tensor) => worked.apply(p)(x))
  const [before, after] = [outputs(state.params, inputs).data, outputs(to.params, inputs).data]
  const [a, b, , d] = theta.data
  const residual = [0, 1].map((i) => before[i]! - targets.data[i]!)
  const values = right(ntk.spectrum(theta)).values
  return {
    theta: [a!, b!, d!],
    eigenvalues: values,
    rank: values.filter((value) => value > 1e-9).length,
    moved: [(after[0]! - before[0]!) / RATE, (after[1]! - before[1]!) / RATE],
    predicted: [-(a! * residual[0]! + b! * residual[1]!) / 2, -(b! * residual[0]! + d! * residual[1]!) / 2]
  }
}

const reader = nn.serial(nn.dense(24), nn.relu, nn.dense(24), nn.relu, nn.dense(24), nn.relu, nn.dense(10))

/** The images on which kernels are compared. */
const images = (() => {
  let made: ReturnType<typeof data.digits> | undefined
  return () => (made ??= data.take(Array.from({ length: 30 }, (_, i) => i))(data.digits()))
})()

// #region scores
const scores = {
  random: (p: nn.Params, _: Required<nn.Batch>, k: Key) => mask.score.random(k)(p),
  magnitude: (p: nn.Params) => mask.score.magnitude(p),
  snip: mask.score.snip(reader.apply),
  kernelTrace: mask.score.kernelTrace(reader)
} satisfies Record<string, mask.Score>
// #endregion scores

/** What a mask leaves of the network that reads digits. */
export interface Layered {
  readonly densities: readonly number[]
  readonly empty: number
  /** How far its kernel is from that of the dense network, relative to that. */
  readonly distance: number
  readonly rank: { readonly dense: number; readonly masked: number }
  readonly spectrum: { readonly dense: readonly number[]; readonly masked: readonly number[] }
}

/** The mask of a score, and what it does to the kernel. */
export const layeredBy = (
  score: keyof typeof scores,
  { density, layers, seed }: { density: number; layers: 'global' | 'uniform' | 'erk'; seed: number }
): Layered => {
  const start = reader.init(key(seed), [64])
  const { x, y } = images()
  // #region digits
  const batch = { x, y, ids: ndarray.of(y.shape, y.data.map((_, i) => i)) } // prettier-ignore
  const scored = evaluateOn(scores[score])(start, batch, key(seed + 1))
  const kept = mask.topKMaskOf({ density, layers })(scored)
  const kernel = evaluateOn((p: nn.Params, at: Tensor, m: unknown) =>
    ntk.empiricalNtk(reader.apply, { outputs: 'mean' })(p, at, at, m)
  )
  const [whole, masked] = [kernel(start, x, []), kernel(start, x, kept)]
  // #endregion digits
  const distance = evaluateOn((a: Tensor, b: Tensor) => ntk.relativeDistance(a)(b))(whole, masked)
  const rankOf = (theta: typeof whole): number => right(ntk.effectiveRank(theta))
  const spectrumOf = (theta: typeof whole) => right(ntk.spectrum(theta)).values
  return {
    densities: mask.countKept(kept).map((layer) => layer.kept / layer.total),
    empty: mask.emptyLayers(kept).length,
    distance: distance.data[0]!,
    rank: { dense: rankOf(whole), masked: rankOf(masked) },
    spectrum: { dense: spectrumOf(whole), masked: spectrumOf(masked) }
  }
}
