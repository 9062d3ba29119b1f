import { appendFileSync, closeSync, openSync, readFileSync, truncateSync } from 'node:fs'
import { dirname } from 'node:path'
import type { IO } from 'fp-ts/lib/IO.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as IOE from 'fp-ts/lib/IOEither.js'
import { entry } from '../core/entry.js'
import { showValue, tangentError, type TangentError, TangentFailure } from '../core/error.js'
import { makeFolder } from './file-store.js'
import { ioError } from './io-error.js'

/** Numbers that were seen after a step: what `observe` of a training or a search is called with. */
export interface ScalarEvent {
  /** Steps taken. */
  readonly step: number
}

/** One number of an event, with the names that TensorBoard's events have. */
interface Scalar {
  /** Seconds since 1970. */
  readonly wall_time: number
  readonly step: number
  /** What it is, `loss` say. */
  readonly tag: string
  readonly value: number
}

/** How a file of one kind begins, and a line of it. */
interface LogFormat {
  readonly head: string
  readonly line: (scalar: Scalar) => string
}

const formats: ReadonlyMap<string, LogFormat> = new Map([
  [
    'csv',
    {
      head: 'wall_time,step,tag,value\n',
      line: ({ wall_time, step, tag, value }: Scalar) => `${wall_time},${step},${tag},${value}\n`
    }
  ],
  // JSON has no NaN: a loss that is none is null
  ['jsonl', { head: '', line: (scalar: Scalar) => `${JSON.stringify(scalar)}\n` }]
])

const scalarsOf = (event: ScalarEvent): readonly Scalar[] => {
  const wall_time = Date.now() / 1000
  return Object.entries(event).flatMap(([tag, value]: [string, unknown]) =>
    tag === 'step' || tag === 'steps' || typeof value !== 'number'
      ? []
      : [{ wall_time, step: event.step, tag, value }]
  )
}

/**
 * A log of a run in a file, for `observe` of `train.fit` and of the searches: a line for each number of each event, with the
 * fields `wall_time`, `step`, `tag` and `value` of TensorBoard's scalars, as CSV where the name ends with `.csv` and as JSON lines where
 * it ends with `.jsonl`. Lines are added to a file that is there; a resumed run says again what follows its last
 * checkpoint, and the last line of a step counts. Another ending is an ArgumentError, a file that cannot be written an IoError,
 * which ends the run.
 *
 * @example
 * import assert from 'node:assert'
 * import { mkdtempSync, readFileSync } from 'node:fs'
 * import { tmpdir } from 'node:os'
 * import { join } from 'node:path'
 * import { unwrap } from 'tangentflow'
 * import { scalarLog } from 'tangentflow/io'
 *
 * const path = join(mkdtempSync(join(tmpdir(), 'log-')), 'loss.csv')
 * const log = unwrap(scalarLog(path)())
 * log({ step: 1, loss: 0.5 })()
 * assert.match(readFileSync(path, 'utf8'), /^wall_time,step,tag,value\n[\d.]+,1,loss,0.5\n$/)
 */
export const scalarLog = entry(
  'io.scalarLog',
  'IOEither',
  1,
  (path: string): IOE.IOEither<TangentError, <A extends ScalarEvent>(event: A) => IO<void>> => {
    const operation = 'io.scalarLog'
    const format = formats.get(path.slice(path.lastIndexOf('.') + 1))
    if (format === undefined)
      return IOE.left(
        tangentError('ArgumentError', operation, 'a name that ends with .csv or .jsonl', showValue(path))
      )
    const refusal = ioError(operation, 'to write the file', path)
    return pipe(
      makeFolder(dirname(path)),
      IOE.flatMap(() =>
        IOE.tryCatch(() => {
          closeSync(openSync(path, 'a'))
          const whole = readFileSync(path).lastIndexOf('\n') + 1
          // what a run that was killed wrote of its last line is no event
          truncateSync(path, whole)
          if (whole === 0) appendFileSync(path, format.head)
        }, refusal)
      ),
      IOE.map(() => (event) => () => {
        try {
          appendFileSync(path, scalarsOf(event).map(format.line).join(''))
        } catch (thrown) {
          throw new TangentFailure(refusal(thrown))
        }
      })
    )
  }
)
