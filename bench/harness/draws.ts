import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { encodeJson } from '../../lib/experiment/index.js'
import { data, type TangentError, withEngine } from '../../lib/index.js'
import type { Effect } from '../../lib/graph/runner.js'
import { type LoadedSet, loadSet } from '../../lib/io/index.js'
import { finish, readJson, writeText } from './files.js'

// Benches on MNIST whose record is of draws of images: each draw has images that no other has, and is written when it is there, so that
// a file of draws is added to.

type Split = Pick<LoadedSet, 'train' | 'test'>

/** So many images to train on and to test of a draw. */
export const partsOf = (
  { train, test }: Split,
  seed: number,
  { images, tests }: { readonly images: number; readonly tests: number }
): Split => {
  const part = (count: number): ((set: data.Labelled) => data.Labelled) =>
    data.slice(seed * count, (seed + 1) * count)
  return { train: part(images)(train), test: part(tests)(test) }
}

/** A number as a record has it. */
export const digits = (value: number): number => Number(value.toPrecision(4))

/** One effect after another. */
export const each = <A, B>(list: readonly A[], f: (one: A) => Effect<B>): Effect<readonly B[]> =>
  pipe(list, RTE.traverseSeqArray(f))

/** What a bench of draws is. */
export interface DrawsBench<D> {
  /** What the record says before its draws: the command, the setting. */
  readonly head: object
  readonly measured: (set: LoadedSet, seed: number) => Effect<D>
  readonly text: (draws: readonly D[]) => string
  /** Figures by the names of their files. */
  readonly pictures: Readonly<Record<string, (draws: readonly D[]) => E.Either<TangentError, string>>>
}

/** Measures the draws that are missing, prints what all say, and writes the record and the figures where that is asked for. */
export const runDraws = <D extends { readonly seed: number }>({
  head,
  measured,
  text,
  pictures
}: DrawsBench<D>): Promise<void> => {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      draws: { type: 'string', default: '5' },
      threads: { type: 'string', default: '1' },
      json: { type: 'string' },
      pictures: { type: 'string' }
    }
  })
  const { json, pictures: folder } = values
  const seeds = Array.from({ length: Number(values.draws) }, (_, seed) => seed)
  const write = (draws: readonly D[]): TE.TaskEither<TangentError, void> =>
    json === undefined
      ? TE.right(undefined)
      : writeText(json)(
          new TextDecoder().decode(encodeJson({ ...head, draws: draws.toSorted((a, b) => a.seed - b.seed) }))
        )
  const saved: TE.TaskEither<TangentError, readonly D[]> =
    json === undefined || !existsSync(json)
      ? TE.right([])
      : pipe(
          readJson<{ readonly draws: readonly D[] }>(json),
          TE.map(({ draws }) => draws)
        )
  const program = (set: LoadedSet, found: readonly D[]): Effect<readonly D[]> =>
    seeds
      .filter((seed) => !found.some((draw) => draw.seed === seed))
      .reduce<Effect<readonly D[]>>(
        (before, seed) =>
          pipe(
            before,
            RTE.flatMap((draws) =>
              pipe(
                measured(set, seed),
                RTE.map((draw) => [...draws, draw])
              )
            ),
            RTE.tapTaskEither(write)
          ),
        RTE.of(found)
      )
  const drawn = (draws: readonly D[]) =>
    pipe(
      Object.entries(folder === undefined ? {} : pictures),
      TE.traverseSeqArray(([name, picture]) =>
        pipe(TE.fromEither(picture(draws)), TE.flatMap(writeText(join(folder!, name))))
      )
    )
  return finish(
    pipe(
      TE.Do,
      TE.bind('set', () => loadSet('mnist', values.data === undefined ? {} : { data: values.data })),
      TE.bind('found', () => saved),
      TE.flatMap(({ set, found }) =>
        withEngine({ require: 'onnx:native', threads: Number(values.threads) })(program(set, found))
      ),
      TE.tapIO((draws) => () => void process.stdout.write(`${text(draws)}\n`)),
      TE.flatMap(drawn)
    )
  )
}
