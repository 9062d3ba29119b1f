import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type NdArray, ndarray, tangentError } from '../../lib/index.js'
import { type Candidate, timed } from '../harness/candidate.js'
import { importPeer, peerVersion } from './package.js'
import type { MlpData, MlpParams } from './sizes.js'

interface TfTensor {
  readonly shape: number[]
  readonly data: () => Promise<Float32Array>
  readonly dispose: () => void
}

/** The part of tfjs that is used here. */
interface Tf {
  readonly setBackend: (name: string) => Promise<boolean>
  readonly ready: () => Promise<void>
  readonly getBackend: () => string
  readonly tensor: (data: Float32Array, shape: readonly number[]) => TfTensor
  readonly tidy: <T>(work: () => T) => T
  readonly dispose: (values: object) => void
  readonly matMul: (a: TfTensor, b: TfTensor) => TfTensor
  readonly add: (a: TfTensor, b: TfTensor) => TfTensor
  readonly sub: (a: TfTensor, b: TfTensor) => TfTensor
  readonly mul: (a: TfTensor, b: TfTensor | number) => TfTensor
  readonly sum: (x: TfTensor) => TfTensor
  readonly relu: (x: TfTensor) => TfTensor
  readonly logSoftmax: (x: TfTensor) => TfTensor
  readonly valueAndGrads: (
    f: (...params: readonly TfTensor[]) => TfTensor
  ) => (params: readonly TfTensor[]) => { readonly value: TfTensor; readonly grads: readonly TfTensor[] }
}

type Results = { readonly loss: TfTensor } & MlpParams<TfTensor>

const stepOf =
  (tf: Tf, { batch, rate }: MlpData['sizes']) =>
  (params: readonly TfTensor[], x: TfTensor, y: TfTensor): Results =>
    tf.tidy(() => {
      const loss = (...[w1, b1, w2, b2]: readonly TfTensor[]): TfTensor => {
        const h = tf.relu(tf.add(tf.matMul(x, w1!), b1!))
        const logits = tf.add(tf.matMul(h, w2!), b2!)
        return tf.mul(tf.sum(tf.mul(tf.logSoftmax(logits), y)), -1 / batch)
      }
      const { value, grads } = tf.valueAndGrads(loss)(params)
      const descend = (i: number): TfTensor => tf.sub(params[i]!, tf.mul(grads[i]!, rate))
      return { loss: value, w1: descend(0), b1: descend(1), w2: descend(2), b2: descend(3) }
    })

/** The step in TensorFlow.js; the parameters stay on its backend, and the loss is read so that all of it has run. */
export const tfjsMlpStep =
  ({ sizes, x, y, params }: MlpData) =>
  (backend: 'wasm' | 'cpu'): Candidate => ({
    name: `tfjs ${backend}`,
    threads: 1,
    open: pipe(
      importPeer(`@tensorflow/tfjs-backend-${backend}`),
      TE.flatMap(() => importPeer('@tensorflow/tfjs')),
      TE.map((module) => module as Tf),
      TE.flatMap((tf) =>
        TE.tryCatch(
          async () => {
            // One process holds one current backend: it is set anew before every use.
            const use = () => tf.setBackend(backend)
            const opening = await timed(async () => {
              await use()
              await tf.ready()
            })
            const put = ({ shape, data }: NdArray): TfTensor => tf.tensor(Float32Array.from(data), shape)
            const own = [put(params.w1), put(params.b1), put(params.w2), put(params.b2)]
            const [images, labels] = [put(x), put(y)]
            const step = stepOf(tf, sizes)
            return {
              stages: { compile: opening },
              once: async () => {
                await use()
                const results = step(own, images, labels)
                const outcome = await Promise.all(
                  Object.entries(results).map(async ([name, value]: readonly [string, TfTensor]) => {
                    const data = await value.data()
                    return [name, ndarray.of(value.shape, Float32Array.from(data))] as const
                  })
                )
                tf.dispose(results)
                const version = peerVersion('@tensorflow/tfjs')
                return {
                  outcome: Object.fromEntries(outcome),
                  executed: { engine: 'tfjs', backend: `${tf.getBackend()} ${version}`, threads: 1 }
                }
              },
              step: async () => {
                await use()
                return timed(async () => {
                  const results = step(own, images, labels)
                  await results.loss.data()
                  tf.dispose(results)
                })
              },
              dispose: async () => tf.dispose([...own, images, labels])
            }
          },
          (thrown) =>
            tangentError('EngineError', 'bench', `a training step of tfjs-${backend}`, String(thrown))
        )
      )
    )
  })
