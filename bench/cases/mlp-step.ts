import type * as E from 'fp-ts/lib/Either.js'
import {
  evaluate,
  fold,
  key,
  type NdArray,
  ndarray,
  normals,
  ops,
  type TangentError,
  type Tensor,
  uniforms,
  valueAndGrad
} from '../../lib/index.js'
import type { Candidate, Case, Outcome } from '../harness/candidate.js'
import { jaxMlpStep } from '../peers/jax.js'
import { handWrittenMlpStep } from '../peers/onnxruntime.js'
import { type MlpData, type MlpParams, type MlpSizes, oneHotLabels } from '../peers/sizes.js'
import { tfjsMlpStep } from '../peers/tfjs.js'
import { torchMlpStep } from '../peers/torch.js'
import { compileCaseOf, engineCandidates, type EngineWork, flopsOf } from './engines.js'

const sizesOf = (hidden: number): MlpSizes => ({ batch: 128, inputs: 784, hidden, classes: 10, rate: 0.1 })

type Arguments = [params: MlpParams<Tensor>, x: Tensor, y: Tensor]
type Step = { readonly loss: Tensor } & MlpParams<Tensor>

const mlpLoss = (params: MlpParams<Tensor>, x: Tensor, y: Tensor): Tensor => {
  const h = ops.relu(ops.add(params.b1)(ops.matmul(params.w1)(x)))
  const z = ops.add(params.b2)(ops.matmul(params.w2)(h))
  return ops.scale(-1 / x.shape[0]!)(ops.dot(y)(ops.logSoftmax(-1)(z)))
}

/** One step of SGD: parameters in, loss and new parameters out. */
const mlpStep =
  (rate: number) =>
  (...[params, x, y]: Arguments): Step => {
    const [loss, gradient] = valueAndGrad(mlpLoss)(params, x, y)
    const descend = (name: keyof MlpParams<Tensor>): Tensor =>
      ops.sub(ops.scale(rate)(gradient[name]))(params[name])
    return { loss, w1: descend('w1'), b1: descend('b1'), w2: descend('w2'), b2: descend('b2') }
  }

const scaled = (seed: number, shape: readonly number[], sigma: number): NdArray =>
  ndarray.of(
    shape,
    normals(
      fold(seed)(key(0)),
      shape.reduce((a, b) => a * b, 1)
    ).map((z) => sigma * z)
  )

const mlpData = (hidden: number): MlpData => {
  const sizes = sizesOf(hidden)
  const { batch, inputs, classes } = sizes
  return {
    sizes,
    x: ndarray.of([batch, inputs], uniforms(fold(1)(key(0)), batch * inputs)),
    y: oneHotLabels(batch, classes),
    params: {
      w1: scaled(2, [inputs, hidden], Math.sqrt(2 / inputs)),
      b1: scaled(3, [hidden], 0.1),
      w2: scaled(4, [hidden, classes], Math.sqrt(2 / hidden)),
      b2: scaled(5, [classes], 0.1)
    }
  }
}

/** The meaning of the function as it was written, before any rewriting. */
const reference = (hidden: number): E.Either<TangentError, Outcome> => {
  const { sizes, params, x, y } = mlpData(hidden)
  return evaluate(mlpStep(sizes.rate))(params, x, y)
}

const work = ({ sizes, params, x, y }: MlpData): EngineWork<Arguments, Step> => ({
  f: mlpStep(sizes.rate),
  forward: mlpLoss,
  args: [params, x, y],
  outcome: (value) => value
})

const candidatesOf = (hidden: number, threads: readonly number[]): readonly Candidate[] => {
  const data = mlpData(hidden)
  const engines = engineCandidates(work(data))
  return [
    // First, because onnxruntime-web leaves a global Worker behind, of a kind that jax-js cannot start.
    jaxMlpStep(data),
    ...threads.flatMap((count) => [handWrittenMlpStep(data)(count), ...engines(count)]),
    tfjsMlpStep(data)('wasm'),
    tfjsMlpStep(data)('cpu'),
    ...threads.map(torchMlpStep(data))
  ]
}

/** The step at a width of the hidden layer. */
export const mlpStepCaseOf = (name: string, hidden: number): Case => ({
  name,
  title: `MLP 784-${hidden}-10, batch 128: forward, backward and SGD, parameters in and out`,
  reference: async () => reference(hidden),
  tolerance: 1e-5,
  flops: () => flopsOf(work(mlpData(hidden))),
  candidates: (threads) => candidatesOf(hidden, threads),
  comparisons: [
    { of: 'onnx:native', to: 'hand-written onnx', sameThreads: true },
    { of: 'jax-js wasm', to: 'onnx:native', sameThreads: false },
    { of: 'gpujs:webasm', to: 'tfjs wasm', sameThreads: false },
    { of: 'gpujs:cpu', to: 'tfjs cpu', sameThreads: false },
    { of: 'torch', to: 'onnx:native', sameThreads: true }
  ]
})

const HIDDEN = 512

export const mlpStepCase: Case = mlpStepCaseOf('mlp-step', HIDDEN)

/** How long it takes to make the step ready. */
export const compileMlpStepCase: Case = compileCaseOf(mlpStepCase, () => work(mlpData(HIDDEN)))
