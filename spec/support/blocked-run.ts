import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { blocked, solve } from '../../lib/blocks/index.js'
import {
  formatError,
  key,
  ndarray,
  ntk,
  type TangentError,
  type Tensor,
  uniforms,
  withEngine
} from '../../lib/index.js'
import { fileStore } from '../../lib/io/index.js'

// A process to be killed: a kernel in 45 blocks and a regression with it, in the folder that it is given. It says `started` with
// its first block or iteration, and `finished` at its end. One of several, which is given its place and their number, computes the
// kernel only.

const { serial, dense, relu } = ntk.infinite
const network = serial(dense(), relu, dense())
const kernel = (_: readonly [], a: Tensor, b: Tensor): Tensor => network.kernel(a, b).ntk
const x = ndarray.of([90, 3], uniforms(key(0), 270))
const y = ndarray.of([90, 2], uniforms(key(1), 180))
const [folder = '', place, count] = process.argv.slice(2)
const worker = place === undefined ? {} : { worker: [Number(place), Number(count)] as const }

const say = (word: string): void => void process.stdout.write(`${word}\n`)
let hasStarted = false
const observe = () => () => {
  if (!hasStarted) say('started')
  hasStarted = true
}
const result = await withEngine({ require: 'reference' })((engine) =>
  pipe(
    blocked(kernel, {
      stores: (name) => fileStore(join(folder, 'kernel', name)),
      tile: 10,
      observe,
      ...worker
    })(
      [],
      x
    )(engine),
    TE.flatMap((blocks): TE.TaskEither<TangentError, unknown> => {
      if (place !== undefined) return TE.right(undefined)
      const checkpoint = { store: fileStore(join(folder, 'solution.safetensors')), steps: 1 }
      return solve(blocks, y, { ridge: 1e-6, rank: 2, checkpoint, observe })
    })
  )
)()
say(E.isRight(result) ? 'finished' : formatError(result.left))
