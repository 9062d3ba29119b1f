import type { Tensor } from '../../lib/index.js'
import { awtStepCase } from '../cases/awt-step.js'
import { cnnStepCase } from '../cases/cnn-step.js'
import { engineCandidates } from '../cases/engines.js'
import { mlpStepCaseOf } from '../cases/mlp-step.js'
import { ntkLenetCase } from '../cases/ntk.js'
import { pgdTrainStepCaseOf } from '../cases/pgd-train-step.js'
import { productsCase } from '../cases/products.js'
import type { Candidate, Case, Comparison } from '../harness/candidate.js'
import { argsOf, kernelCase } from '../kernels/case.js'
import { kernelRows } from '../kernels/rows/index.js'
import { tiledKernelCase } from './tiled-kernel.js'

/** What differs between a GPU and an adapter that computes in software. */
export interface GpuSizes {
  readonly widths: readonly number[]
  /** Examples of the kernel that is computed block by block. */
  readonly examples: number
  /** Whether kernels run that take a software adapter very long. */
  readonly large: boolean
}

const isMeasured = ({ name }: Candidate): boolean =>
  ['onnx:native', 'onnx:webgpu', 'gpujs:webgpu', 'naive webgpu'].includes(name) || name.startsWith('torch')

const comparisons: readonly Comparison[] = [
  { of: 'onnx:webgpu', to: 'onnx:native', sameThreads: false },
  { of: 'gpujs:webgpu', to: 'onnx:webgpu', sameThreads: false },
  ...['torch', 'torch, by hand', 'torch, functorch'].map((to) => ({
    of: 'onnx:webgpu',
    to,
    sameThreads: false
  })),
  { of: 'naive webgpu', to: 'gpujs:webgpu', sameThreads: false }
]

/** A case on GPUs, beside this machine's processor and PyTorch. */
const onGpus = (work: Case): Case => ({
  ...work,
  candidates: (threads) => work.candidates(threads).filter(isMeasured),
  comparisons
})

/** Kernels of gpu.js many times in a run; ONNX Runtime once, with operands up and the result back. */
const kernelsOf = (large: boolean): readonly Case[] =>
  kernelRows.map((row) => {
    const work = kernelCase(['webgpu'], large)(row)
    const onnx = engineCandidates<readonly Tensor[], Tensor>({
      f: row.f,
      args: argsOf(row),
      outcome: (value) => ({ value })
    })
    return {
      ...work,
      title: `${work.title}; onnx:webgpu: one run, operands up and result back`,
      candidates: (threads) => [
        ...work.candidates(threads),
        ...onnx(1).filter(({ name }) => name === 'onnx:webgpu')
      ]
    }
  })

/** Everything that is measured on a GPU: steps by width first, single kernels last. */
export const gpuCases = ({ widths, examples, large }: GpuSizes): readonly Case[] =>
  [
    ...widths.map((width) => mlpStepCaseOf(`mlp-step ${width}`, width)),
    ...widths.map(productsCase),
    ...widths.map((width) => pgdTrainStepCaseOf(`pgd-train-step ${width}`, width)),
    awtStepCase,
    ntkLenetCase,
    tiledKernelCase(examples),
    cnnStepCase,
    ...kernelsOf(large)
  ].map(onGpus)
