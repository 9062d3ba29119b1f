import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type TangentError, withEngine } from '../lib/index.js'
import type { Effect } from '../lib/graph/runner.js'
import { finish, readJson, report, writeJson } from './harness/files.js'
import { measured, type Row, setting } from './harness/regime.js'

// Masks where the theory of the tangent kernel speaks, see harness/regime.ts. A file of rows is added to, so that a run that was ended
// goes on: `npm run bench:regime -- [--widths 64,256] [--seeds N] [--json FILE]`.

const { values } = parseArgs({
  options: {
    widths: { type: 'string', default: '64,128,256,512,1024,2048' },
    seeds: { type: 'string', default: '5' },
    threads: { type: 'string', default: '1' },
    json: { type: 'string' }
  }
})
const widths = values.widths.split(',').map(Number)
const seeds = Array.from({ length: Number(values.seeds) }, (_, seed) => seed)

/** The record of all rows; the command adds those that are missing. */
const recordOf = (found: readonly Row[]) => ({
  command: 'npm run bench:regime -- --json bench/results/linear-regime.json',
  ...setting,
  rows: [...found].sort((a, b) => a.width - b.width || a.seed - b.seed)
})

const { json } = values
const saved: TE.TaskEither<TangentError, readonly Row[]> =
  json === undefined || !existsSync(json)
    ? TE.right([])
    : pipe(
        readJson<ReturnType<typeof recordOf>>(json),
        TE.map(({ rows: found }) => found)
      )

const program = (found: readonly Row[]): Effect<readonly Row[]> => {
  let all = found
  const isMissing = ([width, seed]: readonly [number, number]): boolean =>
    !found.some((row) => row.width === width && row.seed === seed)
  return pipe(
    widths.flatMap((width) => seeds.map((seed) => [width, seed] as const)).filter(isMissing),
    RTE.traverseSeqArray(([width, seed]) =>
      pipe(
        measured(width, seed),
        RTE.tapTaskEither((more) => {
          all = [...all, ...more]
          return json === undefined ? TE.right(undefined) : writeJson(json, recordOf(all))
        })
      )
    ),
    RTE.map(() => all)
  )
}

await finish(
  pipe(
    saved,
    TE.flatMap((found) =>
      withEngine({ require: 'onnx:native', threads: Number(values.threads) })(program(found))
    ),
    TE.flatMap((all) => report(undefined)(recordOf(all)))
  )
)
