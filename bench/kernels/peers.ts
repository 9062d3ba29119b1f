import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type NdArray, ndarray, type TangentError, tangentError } from '../../lib/index.js'
import { type Candidate, type Ready, timed } from '../harness/candidate.js'
import { importPeer, peerVersion } from '../peers/package.js'
import type { KernelRow } from './rows.js'

interface TfTensor {
  readonly shape: number[]
  readonly data: () => Promise<Float32Array>
  readonly dispose: () => void
}

/** The part of TensorFlow.js that the rows use. */
interface Tf {
  readonly setBackend: (name: string) => Promise<boolean>
  readonly ready: () => Promise<void>
  readonly tensor: (data: Float32Array, shape: readonly number[]) => TfTensor
  readonly tidy: (work: () => TfTensor) => TfTensor
  readonly matMul: (a: TfTensor, b: TfTensor, left: boolean, right: boolean) => TfTensor
  readonly add: (a: TfTensor, b: TfTensor) => TfTensor
  readonly mul: (a: TfTensor, b: TfTensor) => TfTensor
  readonly relu: (x: TfTensor) => TfTensor
  readonly exp: (x: TfTensor) => TfTensor
  readonly tanh: (x: TfTensor) => TfTensor
  readonly transpose: (x: TfTensor) => TfTensor
  readonly sum: (x: TfTensor, axis: number) => TfTensor
  readonly max: (x: TfTensor, axis: number) => TfTensor
  readonly logSumExp: (x: TfTensor, axis: number) => TfTensor
  readonly softmax: (x: TfTensor) => TfTensor
}

/** A row's operation in TensorFlow.js. */
export type TfOps = (tf: Tf, args: readonly TfTensor[]) => TfTensor

/** An array of jax-js: `ref` keeps it alive through one more use, and every use consumes one. */
interface JaxArray {
  readonly ref: JaxArray
  readonly shape: number[]
  readonly reshape: (shape: readonly number[]) => JaxArray
  readonly data: () => Promise<Float32Array>
  readonly dispose: () => void
}

type Unary = (x: JaxArray) => JaxArray
type Binary = (x: JaxArray, y: JaxArray) => JaxArray
type Along = (x: JaxArray, axis: number) => JaxArray

/** The part of jax-js that the rows use. */
interface Jax {
  readonly init: (...devices: readonly string[]) => Promise<readonly string[]>
  readonly defaultDevice: (device: string) => string
  readonly numpy: {
    readonly array: (data: Float32Array) => JaxArray
    readonly matmul: Binary
    readonly outer: Binary
    readonly add: Binary
    readonly multiply: Binary
    readonly less: Binary
    readonly where: (condition: JaxArray, x: JaxArray, y: JaxArray) => JaxArray
    readonly negative: Unary
    readonly transpose: Unary
    readonly exp: Unary
    readonly tanh: Unary
    readonly sum: Along
    readonly max: Along
  }
  readonly nn: { readonly relu: Unary; readonly softmax: Unary; readonly logsumexp: Along }
  readonly lax: {
    readonly conv: (x: JaxArray, w: JaxArray, strides: readonly number[], padding: string) => JaxArray
  }
  readonly jit: (f: (...args: readonly JaxArray[]) => JaxArray) => (...args: readonly JaxArray[]) => JaxArray
  readonly blockUntilReady: <T>(values: T) => Promise<T>
}

/** A row's operation in jax-js. */
export type JaxOps = (jax: Jax, args: readonly JaxArray[]) => JaxArray

const attemptPeer = (name: string, work: () => Promise<Ready>): TE.TaskEither<TangentError, Ready> =>
  TE.tryCatch(work, (thrown) => tangentError('EngineError', 'bench', `a kernel of ${name}`, String(thrown)))

const times = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

/** A row in TensorFlow.js on WebAssembly, operands resident. */
export const tfjsKernel = ({ repeat, tfjs }: KernelRow, args: readonly NdArray[]): readonly Candidate[] =>
  tfjs === undefined
    ? []
    : [
        {
          name: 'tfjs wasm',
          threads: 1,
          open: pipe(
            importPeer('@tensorflow/tfjs-backend-wasm'),
            TE.flatMap(() => importPeer('@tensorflow/tfjs')),
            TE.flatMap((module) =>
              attemptPeer('tfjs-wasm', async () => {
                const tf = module as Tf
                await tf.setBackend('wasm')
                await tf.ready()
                const operands = args.map(({ data, shape }) => tf.tensor(Float32Array.from(data), shape))
                const apply = (): TfTensor => tf.tidy(() => tfjs(tf, operands))
                return {
                  stages: {},
                  once: async () => {
                    const result = apply()
                    const value = ndarray.of(result.shape, Float32Array.from(await result.data()))
                    result.dispose()
                    return {
                      outcome: { value },
                      executed: {
                        engine: 'tfjs',
                        backend: `wasm ${peerVersion('@tensorflow/tfjs')}`,
                        threads: 1
                      }
                    }
                  },
                  step: async () => {
                    const all = await timed(async () => {
                      const results = times(repeat).map(apply)
                      await results.at(-1)!.data()
                      results.forEach((result) => result.dispose())
                    })
                    return all / repeat
                  },
                  dispose: async () => operands.forEach((operand) => operand.dispose())
                }
              })
            )
          )
        }
      ]

/** A row in jax-js on its WebAssembly device, jitted, operands resident. */
export const jaxKernel = ({ repeat, jax: ops }: KernelRow, args: readonly NdArray[]): readonly Candidate[] =>
  ops === undefined
    ? []
    : [
        {
          name: 'jax-js wasm',
          threads: 1,
          open: pipe(
            importPeer('@jax-js/jax'),
            TE.flatMap((module) =>
              attemptPeer('jax-js', async () => {
                const jax = module as Jax
                await jax.init('wasm')
                jax.defaultDevice('wasm')
                const operands = args.map(({ data, shape }) =>
                  jax.numpy.array(Float32Array.from(data)).reshape(shape)
                )
                const f = jax.jit((...xs) => ops(jax, xs))
                const apply = (): Promise<JaxArray> => jax.blockUntilReady(f(...operands.map((x) => x.ref)))
                return {
                  stages: {},
                  once: async () => {
                    const result = await apply()
                    const { shape } = result
                    return {
                      outcome: { value: ndarray.of(shape, await result.data()) },
                      executed: {
                        engine: 'jax-js',
                        backend: `wasm ${peerVersion('@jax-js/jax')}`,
                        threads: 1
                      }
                    }
                  },
                  step: async () => {
                    const all = await timed(async () => {
                      for (const _ of times(repeat)) (await apply()).dispose()
                    })
                    return all / repeat
                  },
                  dispose: async () => operands.forEach((operand) => operand.dispose())
                }
              })
            )
          )
        }
      ]
