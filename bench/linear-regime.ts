import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type TangentError, withEngine } from '../lib/index.js'
import type { Effect } from '../lib/graph/runner.js'
import { finish, readJson, writeJson, writeText } from './harness/files.js'
import { setting } from './harness/regime-candidates.js'
import { modesOf } from './harness/regime-modes.js'
import { regimePicture, regimeText } from './harness/regime-report.js'
import { measured, type Row } from './harness/regime.js'

// Masks where the theory of the tangent kernel speaks, see harness/regime.ts. A file of rows is added to, so that a run that was ended
// goes on: `npm run bench:regime -- [--widths 64,256] [--seeds N] [--json FILE] [--picture FILE]`;
// with `--modes WIDTH` the eigenvalues of the kernels of that width alone.

const { values } = parseArgs({
  options: {
    widths: { type: 'string', default: '64,128,256,512,1024' },
    seeds: { type: 'string', default: '5' },
    threads: { type: 'string', default: '1' },
    json: { type: 'string' },
    picture: { type: 'string' },
    modes: { type: 'string' }
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

const RANKS = [1, 2, 3, 5, 9, 17, 33, 65, 101]

/** The eigenvalues of one seed's kernels in multiples of the dense one's, as a table. */
const modes = (width: number): Effect<string> =>
  pipe(
    modesOf(width, 0, RANKS),
    RTE.map((all) =>
      [
        ['', ...RANKS.map(String)],
        ['---', ...RANKS.map(() => '---:')],
        ...all.map(({ method, shares }) => [method, ...shares.map((share) => share.toFixed(2))])
      ]
        .map((cells) => `| ${cells.join(' | ')} |`)
        .join('\n')
    )
  )

const say = (text: string) => TE.fromIO(() => void process.stdout.write(`${text}\n`))
const withRuntime = withEngine({ require: 'onnx:native', threads: Number(values.threads) })

await finish(
  values.modes !== undefined
    ? pipe(withRuntime(modes(Number(values.modes))), TE.flatMap(say))
    : pipe(
        saved,
        TE.flatMap((found) => withRuntime(program(found))),
        TE.tap((all) => say(regimeText(all))),
        TE.flatMap((all) => {
          const { picture } = values
          return picture === undefined
            ? TE.right(undefined)
            : pipe(TE.fromEither(regimePicture(all)), TE.flatMap(writeText(picture)))
        })
      )
)
