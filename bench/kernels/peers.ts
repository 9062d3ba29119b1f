import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type NdArray, ndarray, type TangentError, tangentError } from '../../lib/index.js'
import { type Candidate, type Ready, timed } from '../harness/candidate.js'
import { importPeer, peerVersion } from '../peers/package.js'
import type { Jax, JaxArray, KernelRow, Tf, TfTensor } from './row.js'

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
