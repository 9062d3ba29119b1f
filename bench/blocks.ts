import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { blocked, type BlockedKernel } from '../lib/blocks/index.js'
import {
  key,
  type NdArray,
  ndarray,
  nn,
  ntk,
  ops,
  type Runner,
  spec,
  type TangentError,
  tangentError,
  type Tensor,
  uniforms,
  withEngine
} from '../lib/index.js'
import { loadSet } from '../lib/io/index.js'
import { firstImages, forEachElement, storesIn } from './harness/blocks.js'
import { finish, report } from './harness/files.js'
import { thisMachine } from './harness/machine.js'
import { type Seconds, timed } from './harness/seconds.js'
import { summarise } from './harness/statistics.js'

// The empirical 'mean' kernel of LeNet-300-100 on the first images of MNIST in blocks, beside its matrix products alone on the same
// engine; a part of it is compared with `ntk.tiled` first, bit by bit. A run that was killed goes on with the blocks that are missing
// and counts only these: `npm run bench:blocks -- --data DIR --examples N [--tile T] [--threads N] [--out DIR] [--json FILE]`.

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    examples: { type: 'string', default: '5000' },
    tile: { type: 'string', default: '2000' },
    threads: { type: 'string', default: '1' },
    out: { type: 'string' },
    json: { type: 'string' }
  }
})
const [examples, tile, threads] = [Number(values.examples), Number(values.tile), Number(values.threads)]
const folder = mkdtempSync(join(tmpdir(), 'tangentflow-blocks-'))
const out = values.out ?? join(folder, 'kernel')

const network = nn.serial(nn.dense(300), nn.relu, nn.dense(100), nn.relu, nn.dense(10))
const params = network.init(key(0), [784])
const kernel = (p: nn.Params, a: Tensor, b: Tensor): Tensor =>
  ntk.empiricalNtk(network.apply, { outputs: 'mean' })(p, a, b)

/**
 * The multiplications of a pair: the kernel is Σ (h h′ᵀ) ∘ (δ δ′ᵀ) over the layers, with inputs h of 784, 300 and 100 and, for each
 * of 10 outputs, cotangents δ of 300 and 100; those of the last layer are the same for all examples.
 */
const WIDTH = 784 + 300 + 100 + 10 * (300 + 100)

const say = (text: string): void => void process.stdout.write(`${text}\n`)

/** The kernel in blocks, and how many blocks were computed. */
const computed =
  (x: NdArray, most: number, at: string) =>
  (
    engine: Runner
  ): TE.TaskEither<TangentError, { readonly written: BlockedKernel; readonly count: number }> => {
    let count = 0
    const observe = (event: { done: number; blocks: number; secondsLeft: number }) => () => {
      count++
      if (x.shape[0] === examples && count % 5 === 0)
        say(`${event.done} of ${event.blocks} blocks, ${event.secondsLeft.toFixed(0)} s left`)
    }
    return pipe(
      blocked(kernel, { stores: storesIn(at), tile: most, observe })(params, x)(engine),
      TE.map((written) => ({ written, count }))
    )
  }

const CHECKED = 2000

/** Compares `blocked` and `ntk.tiled` on the first images, element by element. */
const checkedBy =
  (x: NdArray) =>
  (engine: Runner): TE.TaskEither<TangentError, void> => {
    const n = Math.min(CHECKED, examples)
    const [part, most] = [firstImages(x, n), Math.min(tile, 700)]
    let others = 0
    return pipe(
      TE.Do,
      TE.bind('whole', () => ntk.tiled(network.apply, { outputs: 'mean', tile: most })(params, part)(engine)),
      TE.bind('blocks', () => computed(part, most, join(folder, 'checked'))(engine)),
      TE.tap(({ whole, blocks }) =>
        forEachElement(blocks.written)((i, j, value) => {
          if (value !== whole.data[i * n + j]) others++
        })
      ),
      TE.filterOrElse(
        () => others === 0,
        () => tangentError('EngineError', 'blocks', 'the elements of ntk.tiled', `${others} others`)
      ),
      TE.map(({ blocks: { count } }) => {
        say(`${count} blocks of ${n} images have the elements of ntk.tiled to the last bit`)
      })
    )
  }

const ROUNDS = 4

/** The products of a block alone, as one product with as many multiplications. */
const products =
  (length: number) =>
  (engine: Runner): TE.TaskEither<TangentError, readonly Seconds[]> => {
    const shape = [length, WIDTH] as const
    const product = (a: Tensor, b: Tensor): Tensor => ops.einsum('ik,jk->ij')(a, b)
    const random = (i: number): NdArray => ndarray.of(shape, uniforms(key(i), length * WIDTH))
    return pipe(
      engine.compile(product, [spec(shape), spec(shape)]),
      TE.flatMap((program) => {
        const [a, b] = [random(1), random(2)]
        return pipe(
          Array.from({ length: ROUNDS + 1 }),
          TE.traverseSeqArray(() => timed(program(a, b)))
        )
      }),
      TE.map((rounds) => rounds.slice(1).map(({ seconds }) => seconds))
    )
  }

/** The products before and after the kernel, since other work on the machine changes. */
const measured = (x: NdArray) => (engine: Runner) => {
  const alone = products(Math.ceil(examples / Math.ceil(examples / tile)))
  return pipe(
    TE.Do,
    TE.tap(() => checkedBy(x)(engine)),
    TE.bind('before', () => alone(engine)),
    TE.bind('run', () => timed(computed(x, tile, out)(engine))),
    TE.bind('after', () => alone(engine)),
    TE.map(({ before, run, after }) => ({ run, alone: [...before, ...after] }))
  )
}

await finish(
  pipe(
    loadSet('mnist', values.data === undefined ? {} : { data: values.data }),
    TE.flatMap(({ train }) =>
      withEngine({ require: 'onnx:native', threads })(measured(firstImages(train.x, examples)))
    ),
    TE.map(({ run: { value, seconds }, alone }) => {
      const timesOf = (which: keyof Seconds): number =>
        value.count * summarise(alone.map((seconds) => seconds[which])).median
      return {
        machine: thisMachine(),
        examples,
        lengths: value.written.lengths,
        threads,
        blocks: value.count,
        seconds,
        products: { wall: timesOf('wall'), processor: timesOf('processor') },
        ratio: { wall: seconds.wall / timesOf('wall'), processor: seconds.processor / timesOf('processor') },
        peakBytes: process.resourceUsage().maxRSS * 1024
      }
    }),
    TE.flatMap(report(values.json))
  )
)
rmSync(folder, { recursive: true, force: true })
