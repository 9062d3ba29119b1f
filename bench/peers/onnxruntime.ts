import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type NdArray, ndarray, tangentError } from '../../lib/index.js'
import type { MlpData } from '../cases/mlp-step.js'
import { type Candidate, timed } from '../harness/candidate.js'
import { mlpStepModel } from './onnxruntime-model.js'
import { importOptional } from './package.js'

/** A tensor of onnxruntime-node. */
export interface Value {
  readonly dims: readonly number[]
  readonly data: Float32Array
}

interface Session {
  readonly run: (feeds: { readonly [name: string]: Value }) => Promise<{ readonly [name: string]: Value }>
  readonly release: () => Promise<void>
}

/** The part of onnxruntime-node that is used here. */
export interface OnnxRuntime {
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => Value
  readonly InferenceSession: { readonly create: (model: Uint8Array, options: object) => Promise<Session> }
  readonly env: { readonly versions: { readonly common: string } }
}

const names = { loss: 'loss', newW1: 'w1', newB1: 'b1', newW2: 'w2', newB2: 'b2' } as const

/** The limit: the training step as a hand-written graph, straight on ONNX Runtime. */
export const handWrittenMlpStep =
  ({ sizes, x, y, params }: MlpData) =>
  (threads: number): Candidate => ({
    name: 'hand-written onnx',
    threads,
    open: pipe(
      importOptional('onnxruntime-node'),
      TE.map((module) => module as OnnxRuntime),
      TE.flatMap(({ Tensor, InferenceSession, env }) =>
        TE.tryCatch(
          async () => {
            const start = performance.now()
            const session = await InferenceSession.create(mlpStepModel(sizes), {
              intraOpNumThreads: threads,
              interOpNumThreads: 1,
              executionMode: 'sequential',
              graphOptimizationLevel: 'all'
            })
            const compile = performance.now() - start
            const arrays = { x, y, ...params }
            const toTensor = ({ shape, data }: NdArray): Value =>
              new Tensor('float32', Float32Array.from(data), shape)
            const feeds = Object.fromEntries(
              Object.entries(arrays).map(([name, value]) => [name, toTensor(value)])
            )
            return {
              stages: { compile },
              once: async () => {
                const results = await session.run(feeds)
                const outcome = Object.fromEntries(
                  Object.entries(names).map(([from, to]) => {
                    const { dims, data } = results[from]!
                    return [to, ndarray.of(dims, data)]
                  })
                )
                const backend = `onnxruntime-node ${env.versions.common}`
                return { outcome, executed: { engine: 'hand-written onnx', backend, threads } }
              },
              step: () => timed(() => session.run(feeds)),
              dispose: () => session.release()
            }
          },
          (thrown) => tangentError('EngineError', 'bench', 'a session of onnxruntime-node', String(thrown))
        )
      )
    )
  })
