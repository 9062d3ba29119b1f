import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import {
  type Concrete,
  evaluate,
  fold,
  key,
  type NdArray,
  ndarray,
  nn,
  normals,
  ops,
  type TangentError,
  type Tensor,
  tree,
  uniforms,
  valueAndGrad
} from '../../lib/index.js'
import type { Candidate, Case, Outcome } from '../harness/candidate.js'
import { handWrittenCnnStep } from '../peers/onnxruntime.js'
import { type CnnData, type CnnSizes, oneHotLabels } from '../peers/sizes.js'
import { torchCnnStep } from '../peers/torch.js'
import { compileCaseOf, engineCandidates, type EngineWork, flopsOf } from './engines.js'

const sizes: CnnSizes = {
  batch: 64,
  size: 28,
  channels: [16, 32],
  kernel: 3,
  hidden: 100,
  classes: 10,
  rate: 0.1
}

const net = nn.conv16Conv32Fc100()

type Arguments = [params: nn.Params, x: Tensor, y: Tensor]
type Step = { readonly loss: Tensor; readonly params: nn.Params }

const cnnLoss = (params: nn.Params, x: Tensor, y: Tensor): Tensor =>
  ops.scale(-1 / x.shape[0]!)(ops.dot(y)(ops.logSoftmax(-1)(net.apply(params)(x))))

/** One step of SGD: parameters in, loss and new parameters out. */
const cnnStep =
  (rate: number) =>
  (...[params, x, y]: Arguments): Step => {
    const [loss, gradient] = valueAndGrad(cnnLoss)(params, x, y)
    const descended = pipe(
      params,
      tree.zipWith(gradient, (p, g) => ops.sub(ops.scale(rate)(g))(p))
    )
    return { loss, params: descended }
  }

/** The parameters by name, in the order of the layers: w1, b1 … w4, b4. */
const named = (params: Concrete<nn.Params>): { readonly [name: string]: NdArray } =>
  Object.fromEntries(
    params
      .filter(({ w }) => w !== undefined)
      .flatMap(({ w, b }, l) => [[`w${l + 1}`, w!] as const, [`b${l + 1}`, b!] as const])
  )

const initial = (): Concrete<nn.Params> =>
  net.init(key(0), [1, sizes.size, sizes.size]).map(({ w, b }, l) =>
    w === undefined || b === undefined
      ? {}
      : {
          w,
          b: ndarray.of(
            b.shape,
            normals(fold(l)(key(0)), b.data.length).map((z) => 0.1 * z)
          )
        }
  )

const inputs = (): { readonly x: NdArray; readonly y: NdArray } => {
  const { batch, size, classes } = sizes
  return {
    x: ndarray.of([batch, 1, size, size], uniforms(fold(1)(key(0)), batch * size * size)),
    y: oneHotLabels(batch, classes)
  }
}

const outcomeOf = ({ loss, params }: Concrete<Step>): Outcome => ({ loss, ...named(params) })

/** The meaning of the function as it was written, before any rewriting. */
const reference = (): E.Either<TangentError, Outcome> => {
  const { x, y } = inputs()
  return pipe(evaluate(cnnStep(sizes.rate))(initial(), x, y), E.map(outcomeOf))
}

const work = (): EngineWork<Arguments, Step> => {
  const { x, y } = inputs()
  return { f: cnnStep(sizes.rate), forward: cnnLoss, args: [initial(), x, y], outcome: outcomeOf }
}

const candidates = (threads: readonly number[]): readonly Candidate[] => {
  const data: CnnData = { sizes, ...inputs(), params: named(initial()) }
  const engines = engineCandidates(work())
  return [
    ...threads.flatMap((count) => [handWrittenCnnStep(data)(count), ...engines(count)]),
    ...threads.map(torchCnnStep(data))
  ]
}

export const cnnStepCase: Case = {
  name: 'cnn-step',
  title: 'conv16-conv32-fc100, 28 × 28, batch 64: forward, backward and SGD, parameters in and out',
  reference: async () => reference(),
  tolerance: 1e-5,
  flops: () => flopsOf(work()),
  candidates,
  comparisons: [
    { of: 'onnx:native', to: 'hand-written onnx', sameThreads: true },
    { of: 'torch', to: 'onnx:native', sameThreads: true }
  ]
}

/** How long it takes to make the step ready. */
export const compileCnnStepCase: Case = compileCaseOf(cnnStepCase, work)
