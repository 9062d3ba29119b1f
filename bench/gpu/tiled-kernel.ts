import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import {
  engineNames,
  key,
  type NdArray,
  ndarray,
  nn,
  ntk,
  openEngine,
  run,
  type Tensor,
  uniforms,
  withEngine
} from '../../lib/index.js'
import { getOrThrow } from '../../lib/core/error.js'
import { type Candidate, type Case, type Outcome, timed } from '../harness/candidate.js'

// The whole mean kernel of LeNet-300-100 block by block. The reference computes some rows of it.

const INPUTS = 784
const CHECKED = 8
const network = nn.serial(nn.dense(300), nn.relu, nn.dense(100), nn.relu, nn.dense(10))
const outputs = 'mean' as const

const argumentsOf = (n: number) => ({
  params: network.init(key(0), [INPUTS]),
  x: ndarray.of([n, INPUTS], uniforms(key(1), n * INPUTS))
})

/** Every (n / 8)-th row of a matrix. */
const someRows = ({ shape: [n = 0, width = 0], data }: NdArray): NdArray =>
  ndarray.of(
    [CHECKED, width],
    Array.from({ length: CHECKED }, (_, i) => Math.floor((i * n) / CHECKED)).flatMap((row) => [
      ...data.slice(row * width, (row + 1) * width)
    ])
  )

const candidateOn =
  (n: number, threads: number) =>
  (name: (typeof engineNames)[number]): Candidate => ({
    name,
    threads,
    open: pipe(
      openEngine({ require: name, threads }),
      TE.map((engine) => {
        const { params, x } = argumentsOf(n)
        const kernel = async (): Promise<NdArray> =>
          getOrThrow(await ntk.tiled(network.apply, { outputs })(params, x)(engine)())
        return {
          stages: {},
          once: async () => ({ outcome: { kernel: someRows(await kernel()) }, executed: engine.describe }),
          step: () => timed(kernel),
          dispose: engine.dispose
        }
      })
    )
  })

/** The kernel of n examples with themselves. */
export const tiledKernelCase = (n: number): Case => ({
  name: `ntk-tiled ${n}`,
  title: `mean kernel of LeNet-300-100 on ${n} × ${n} inputs, block by block, compiling included`,
  reference: pipe(
    withEngine({ require: 'reference' })((engine) => {
      const { params, x } = argumentsOf(n)
      const f = (p: nn.Params, a: Tensor, b: Tensor): Tensor =>
        ntk.empiricalNtk(network.apply, { outputs, method: 'contracted' })(p, a, b)
      return run(engine)(f)(params, someRows(x), x)
    }),
    TE.map(({ value }): Outcome => ({ kernel: value }))
  ),
  tolerance: 1e-5,
  candidates: (threads) => threads.flatMap((count) => engineNames.map(candidateOn(n, count))),
  comparisons: []
})
