import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { encodeJson } from '../lib/experiment/index.js'
import { type TangentError, withEngine } from '../lib/index.js'
import type { Effect } from '../lib/graph/runner.js'
import { type LoadedSet, loadSet } from '../lib/io/index.js'
import { featuresPicture, featuresText } from './harness/features-report.js'
import { type Draw, leading, measured, ranks, setting } from './harness/features.js'
import { finish, readJson, writeText } from './harness/files.js'

// How useful the features of an infinite network's kernel on MNIST are, and how robust, see harness/features.ts. A file of draws is added
// to: `npm run bench:features -- --data DIR [--draws N] [--json FILE] [--picture FILE]`.

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    draws: { type: 'string', default: '5' },
    threads: { type: 'string', default: '1' },
    json: { type: 'string' },
    picture: { type: 'string' }
  }
})
const { json, picture } = values
const seeds = Array.from({ length: Number(values.draws) }, (_, seed) => seed)

/** The record of all draws, a row of numbers on a line. */
const recordOf = (draws: readonly Draw[]) => ({
  command: 'npm run bench:features -- --data DIR --json bench/results/kernel-features.json',
  ...setting,
  ranks,
  leading,
  draws: [...draws].sort((a, b) => a.seed - b.seed)
})

const textOf = (draws: readonly Draw[]): string => new TextDecoder().decode(encodeJson(recordOf(draws)))

const saved: TE.TaskEither<TangentError, readonly Draw[]> =
  json === undefined || !existsSync(json)
    ? TE.right([])
    : pipe(
        readJson<ReturnType<typeof recordOf>>(json),
        TE.map(({ draws }) => draws)
      )

/** The draws that are missing, each written when it is there. */
const program = (set: LoadedSet, found: readonly Draw[]): Effect<readonly Draw[]> =>
  seeds
    .filter((seed) => !found.some((draw) => draw.seed === seed))
    .reduce<Effect<readonly Draw[]>>(
      (before, seed) =>
        pipe(
          before,
          RTE.flatMap((draws) =>
            pipe(
              measured(set, seed),
              RTE.map((draw) => [...draws, draw])
            )
          ),
          RTE.tapTaskEither((draws) =>
            json === undefined ? TE.right(undefined) : writeText(json)(textOf(draws))
          )
        ),
      RTE.of(found)
    )

await finish(
  pipe(
    TE.Do,
    TE.bind('set', () => loadSet('mnist', values.data === undefined ? {} : { data: values.data })),
    TE.bind('found', () => saved),
    TE.flatMap(({ set, found }) =>
      withEngine({ require: 'onnx:native', threads: Number(values.threads) })(program(set, found))
    ),
    TE.tapIO((draws) => () => void process.stdout.write(`${featuresText(draws)}\n`)),
    TE.flatMap((draws) =>
      picture === undefined
        ? TE.right(undefined)
        : pipe(TE.fromEither(featuresPicture(draws)), TE.flatMap(writeText(picture)))
    )
  )
)
