import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type NdArray, ndarray, tangentError } from '../../lib/index.js'
import { type Candidate, timed } from '../harness/candidate.js'
import { importPeer, peerVersion } from './package.js'
import type { MlpData, MlpParams } from './sizes.js'

/** An array of jax-js: `ref` keeps it alive through one more use, and every use consumes one. */
interface JaxArray {
  readonly ref: JaxArray
  readonly shape: number[]
  readonly device: string
  readonly add: (other: JaxArray) => JaxArray
  readonly sub: (other: JaxArray) => JaxArray
  readonly mul: (other: JaxArray | number) => JaxArray
  readonly sum: () => JaxArray
  readonly reshape: (shape: readonly number[]) => JaxArray
  readonly data: () => Promise<Float32Array>
  readonly dispose: () => void
}

type JaxParams = MlpParams<JaxArray>
type Loss = (params: JaxParams, x: JaxArray, y: JaxArray) => JaxArray
type Step = (params: JaxParams, x: JaxArray, y: JaxArray) => { readonly loss: JaxArray } & JaxParams

/** The part of jax-js that is used here. */
interface Jax {
  readonly init: (...devices: readonly string[]) => Promise<readonly string[]>
  readonly defaultDevice: (device: string) => string
  readonly numpy: {
    readonly array: (data: Float32Array) => JaxArray
    readonly matmul: (a: JaxArray, b: JaxArray) => JaxArray
  }
  readonly nn: { readonly relu: (x: JaxArray) => JaxArray; readonly logSoftmax: (x: JaxArray) => JaxArray }
  readonly valueAndGrad: (loss: Loss) => (...args: Parameters<Loss>) => readonly [JaxArray, JaxParams]
  readonly jit: (step: Step) => Step
  readonly blockUntilReady: <T>(values: T) => Promise<T>
}

const stepOf = ({ numpy, nn, valueAndGrad, jit }: Jax, { batch, rate }: MlpData['sizes']): Step => {
  const loss: Loss = ({ w1, b1, w2, b2 }, x, y) => {
    const h = nn.relu(numpy.matmul(x, w1).add(b1))
    const logits = numpy.matmul(h, w2).add(b2)
    return nn
      .logSoftmax(logits)
      .mul(y)
      .sum()
      .mul(-1 / batch)
  }
  return jit((params, x, y) => {
    const { w1, b1, w2, b2 } = params
    const kept = { w1: w1.ref, b1: b1.ref, w2: w2.ref, b2: b2.ref }
    const [value, gradient] = valueAndGrad(loss)(kept, x, y)
    return {
      loss: value,
      w1: w1.sub(gradient.w1.mul(rate)),
      b1: b1.sub(gradient.b1.mul(rate)),
      w2: w2.sub(gradient.w2.mul(rate)),
      b2: b2.sub(gradient.b2.mul(rate))
    }
  })
}

/** The step in jax-js, jitted, on its WebAssembly device; the parameters stay on the device. */
export const jaxMlpStep = ({ sizes, x, y, params }: MlpData): Candidate => ({
  name: 'jax-js wasm',
  threads: 1,
  open: pipe(
    importPeer('@jax-js/jax'),
    TE.map((module) => module as Jax),
    TE.flatMap((jax) =>
      TE.tryCatch(
        async () => {
          await jax.init('wasm')
          jax.defaultDevice('wasm')
          const put = ({ shape, data }: NdArray): JaxArray =>
            jax.numpy.array(Float32Array.from(data)).reshape(shape)
          const own = { w1: put(params.w1), b1: put(params.b1), w2: put(params.w2), b2: put(params.b2) }
          const [images, labels] = [put(x), put(y)]
          const step = stepOf(jax, sizes)
          const run = () =>
            jax.blockUntilReady(
              step({ w1: own.w1.ref, b1: own.b1.ref, w2: own.w2.ref, b2: own.b2.ref }, images.ref, labels.ref)
            )
          const discard = (results: { readonly loss: JaxArray } & JaxParams): void =>
            Object.values(results).forEach((array) => array.dispose())
          const compile = await timed(async () => discard(await run()))
          return {
            stages: { compile },
            once: async () => {
              const results = Object.entries(await run())
              const device = results[0]![1].device
              const outcome = await Promise.all(
                results.map(async ([name, array]) => {
                  const { shape } = array
                  return [name, ndarray.of(shape, await array.data())] as const
                })
              )
              return {
                outcome: Object.fromEntries(outcome),
                executed: { engine: 'jax-js', backend: `${device} ${peerVersion('@jax-js/jax')}`, threads: 1 }
              }
            },
            step: () => timed(async () => discard(await run())),
            dispose: async () => [...Object.values(own), images, labels].forEach((array) => array.dispose())
          }
        },
        (thrown) => tangentError('EngineError', 'bench', 'a training step of jax-js', String(thrown))
      )
    )
  )
})
