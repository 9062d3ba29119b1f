import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import {
  type Concrete,
  fold,
  key,
  type NdArray,
  ndarray,
  nn,
  ntk,
  run,
  type Tensor,
  uniforms,
  withEngine
} from '../../lib/index.js'
import type { Candidate, Case } from '../harness/candidate.js'
import { kernelModel } from '../peers/ntk-model.js'
import { handWritten } from '../peers/onnxruntime.js'
import type { KernelSizes } from '../peers/sizes.js'
import { torchKernel } from '../peers/torch.js'
import { engineCandidates, type EngineWork } from './engines.js'

const sizes: KernelSizes = { n: 64, widths: [784, 300, 100, 10] }

type Arguments = [params: nn.Params, x1: Tensor, x2: Tensor, mask: nn.Weights]

/** A network, the shape of an example, and how many are on each side of the kernel. */
export interface Setting {
  readonly network: nn.Network
  readonly example: readonly number[]
  readonly n: number
  readonly isMasked: boolean
}

const positive = (seed: number, shape: readonly number[]): NdArray =>
  ndarray.of(
    shape,
    uniforms(
      fold(seed)(key(2)),
      shape.reduce((a, b) => a * b, 1)
    )
  )

const argumentsOf = ({ network, example, n, isMasked }: Setting): Concrete<Arguments> => {
  const params = network.init(key(1), example)
  return [
    params,
    positive(1, [n, ...example]),
    positive(2, [n, ...example]),
    isMasked ? params.map(({ w }, l) => (w === undefined ? {} : { w: positive(3 + l, w.shape) })) : []
  ]
}

/** The full kernel of a setting by a method. */
const workOf = (setting: Setting, method: 'auto' | ntk.KernelMethod): EngineWork<Arguments, Tensor> => ({
  f: (...[params, x1, x2, mask]) => ntk.empiricalNtk(setting.network.apply, { method })(params, x1, x2, mask),
  args: argumentsOf(setting),
  outcome: (kernel) => ({ kernel })
})

/** The same numbers under the names that peers know: w0, b0, m0 for the first layer that has weights. */
export const peerArrays = (setting: Setting): { readonly [name: string]: NdArray } => {
  const [params, xl, xr, mask] = argumentsOf(setting)
  const layers = params.flatMap(({ w, b }, l) =>
    w === undefined || b === undefined ? [] : [{ w, b, m: mask[l]?.w }]
  )
  return {
    xl,
    xr,
    ...Object.fromEntries(
      layers.flatMap(({ w, b, m }, l) => [
        [`w${l}`, w],
        [`b${l}`, b],
        ...(m === undefined ? [] : [[`m${l}`, m] as const])
      ])
    )
  }
}

/** The engines by the method that `auto` picks, and one engine by the reference method. */
export const kernelCandidates =
  (setting: Setting, peers: (threads: number) => readonly Candidate[]) =>
  (threads: readonly number[]): readonly Candidate[] =>
    threads.flatMap((count) => [
      ...engineCandidates(workOf(setting, 'auto'))(count).filter(({ name }) => name !== 'gpujs:cpu'),
      ...peers(count)
    ])

/** `onnx:native` by one method, under a name that tells it. */
export const byMethod =
  (setting: Setting, method: ntk.KernelMethod) =>
  (threads: number): readonly Candidate[] =>
    engineCandidates(workOf(setting, method))(threads)
      .filter(({ name }) => name === 'onnx:native')
      .map((candidate) => ({ ...candidate, name: `onnx:native, ${method}` }))

/** The kernel in float64. */
export const referenceOf = (setting: Setting): Case['reference'] =>
  pipe(
    withEngine({ require: 'reference' })((engine) => {
      const { f, args } = workOf(setting, 'contracted')
      return run(engine)(f)(...args)
    }),
    TE.map(({ value }) => ({ kernel: value }))
  )

const lenet = nn.serial(
  nn.dense(sizes.widths[1]),
  nn.relu,
  nn.dense(sizes.widths[2]),
  nn.relu,
  nn.dense(sizes.widths[3])
)
const dense: Setting = { network: lenet, example: [sizes.widths[0]], n: sizes.n, isMasked: false }
const masked: Setting = { ...dense, isMasked: true }

const handWrittenKernel = (setting: Setting): ((threads: number) => Candidate) =>
  handWritten({
    model: kernelModel(sizes, setting.isMasked),
    arrays: peerArrays(setting),
    names: { kernel: 'kernel' }
  })

export const ntkLenetCase: Case = {
  name: 'ntk-lenet',
  group: 'ntk',
  title: 'full kernel of LeNet-300-100, 64 × 64 inputs, 10 outputs',
  reference: referenceOf(dense),
  tolerance: 1e-5,
  candidates: kernelCandidates(dense, (threads) => [
    handWrittenKernel(dense)(threads),
    ...byMethod(dense, 'vectorProduct')(threads),
    ...byMethod(dense, 'jacobian')(threads),
    torchKernel('torch, by hand', { structured: 1, convolutional: 0 }, peerArrays(dense))(threads),
    torchKernel('torch, functorch', { structured: 0, convolutional: 0 }, peerArrays(dense))(threads)
  ]),
  comparisons: [
    { of: 'onnx:native', to: 'hand-written onnx', sameThreads: true },
    { of: 'onnx:native, jacobian', to: 'onnx:native', sameThreads: true },
    { of: 'torch, functorch', to: 'onnx:native', sameThreads: true },
    { of: 'torch, by hand', to: 'onnx:native', sameThreads: true }
  ]
}

export const ntkMaskedCase: Case = {
  name: 'ntk-lenet-masked',
  group: 'ntk',
  title: 'the same under a mask, J diag(m²) Jᵀ, beside the kernel without one',
  reference: referenceOf(masked),
  tolerance: 1e-5,
  candidates: kernelCandidates(masked, (threads) => [handWrittenKernel(masked)(threads)]),
  comparisons: [{ of: 'onnx:native', to: 'hand-written onnx', sameThreads: true }]
}
