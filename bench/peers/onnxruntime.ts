import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type NdArray, ndarray, tangentError } from '../../lib/index.js'
import { type Candidate, timed } from '../harness/candidate.js'
import { cnnStepModel } from './onnxruntime-cnn.js'
import { mlpStepModel } from './onnxruntime-model.js'
import { importOptional } from './package.js'
import type { CnnData, MlpData } from './sizes.js'

/** A tensor of onnxruntime-node. */
interface Value {
  readonly dims: readonly number[]
  readonly data: Float32Array
}

interface Session {
  readonly run: (feeds: { readonly [name: string]: Value }) => Promise<{ readonly [name: string]: Value }>
  readonly release: () => Promise<void>
}

/** The part of onnxruntime-node that is used here. */
interface OnnxRuntime {
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => Value
  readonly InferenceSession: { readonly create: (model: Uint8Array, options: object) => Promise<Session> }
  readonly env: { readonly versions: { readonly common: string } }
}

/** A graph written by hand, what it is given, and which of its results is which parameter afterwards. */
interface HandWritten {
  /** @defaultValue 'hand-written onnx' */
  readonly name?: string
  readonly model: Uint8Array
  readonly arrays: { readonly [name: string]: NdArray }
  readonly names: { readonly [result: string]: string }
}

/** A graph straight on ONNX Runtime. */
export const handWritten =
  ({ name = 'hand-written onnx', model, arrays, names }: HandWritten) =>
  (threads: number): Candidate => ({
    name,
    threads,
    open: pipe(
      importOptional('onnxruntime-node'),
      TE.map((module) => module as OnnxRuntime),
      TE.flatMap(({ Tensor, InferenceSession, env }) =>
        TE.tryCatch(
          async () => {
            const start = performance.now()
            const session = await InferenceSession.create(model, {
              intraOpNumThreads: threads,
              interOpNumThreads: 1,
              executionMode: 'sequential',
              graphOptimizationLevel: 'all'
            })
            const compile = performance.now() - start
            const feeds = Object.fromEntries(
              Object.entries(arrays).map(([input, { shape, data }]): [string, Value] => [
                input,
                new Tensor('float32', Float32Array.from(data), shape)
              ])
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
                return { outcome, executed: { engine: name, backend, threads } }
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

/** w1 after the step is the result newW1. */
const namesAfter = (params: readonly string[]): HandWritten['names'] =>
  Object.fromEntries([['loss', 'loss'], ...params.map((name) => [`new${name.toUpperCase()}`, name] as const)])

/** The limit: the training step as a hand-written graph, straight on ONNX Runtime. */
export const handWrittenMlpStep = ({ sizes, x, y, params }: MlpData): ((threads: number) => Candidate) =>
  handWritten({
    model: mlpStepModel(sizes),
    arrays: { x, y, ...params },
    names: namesAfter(Object.keys(params))
  })

/** The training step of a convolutional network as one writes it with the operators that ONNX has for it. */
export const handWrittenCnnStep = ({ sizes, x, y, params }: CnnData): ((threads: number) => Candidate) =>
  handWritten({
    model: cnnStepModel(sizes),
    arrays: { x, y, ...params },
    names: namesAfter(Object.keys(params))
  })
