import { existsSync } from 'node:fs'
import { access, constants, mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { pipe } from 'fp-ts/lib/function.js'
import { formatError, tangentError, type TangentError } from '../lib/index.js'
import { cases } from './cases/index.js'
import type { Case } from './harness/candidate.js'
import { thisMachine } from './harness/machine.js'
import { effortOf, measure } from './harness/measure.js'
import { type Options, parseOptions, usage } from './harness/options.js'
import { type CaseReport, type Report, reportCase, showCase, showMachine } from './harness/report.js'

const print = (text: string): void => void process.stdout.write(`${text}\n`)
const progress = (text: string): void => void process.stderr.write(`${text}\n`)

const ioError =
  (path: string) =>
  (thrown: unknown): TangentError =>
    tangentError('IoError', 'bench', 'a file that can be written', String(thrown), path)

/** Finds out before anything is measured whether the results can be kept. */
const prepareFile = (path: string | undefined): TE.TaskEither<TangentError, void> =>
  path === undefined
    ? TE.right(undefined)
    : TE.tryCatch(async () => {
        const folder = dirname(path)
        // One level only: Node's recursive mkdir never returns under /proc.
        if (!existsSync(folder)) await mkdir(folder)
        await access(folder, constants.W_OK)
      }, ioError(path))

const writeReport = (path: string, report: Report): TE.TaskEither<TangentError, void> =>
  TE.tryCatch(async () => {
    await writeFile(`${path}.part`, `${JSON.stringify(report, null, 2)}\n`)
    await rename(`${path}.part`, path)
  }, ioError(path))

const runCase = async (work: Case, options: Options): Promise<E.Either<TangentError, CaseReport>> => {
  const wanted = work
    .candidates(options.threads)
    .filter(
      ({ name }) => options.candidates.length === 0 || options.candidates.some((part) => name.includes(part))
    )
  const rows = await measure(work, wanted, effortOf(options.quick), progress)
  if (E.isLeft(rows)) return rows
  const report = reportCase(work, rows.right)
  print(`\n${showCase(report)}`)
  return E.right(report)
}

const runAll =
  (options: Options): TE.TaskEither<TangentError, Report> =>
  async () => {
    const machine = thisMachine()
    print(showMachine(machine))
    const reports: CaseReport[] = []
    for (const work of cases.filter(({ name }) => options.only.length === 0 || options.only.includes(name))) {
      const report = await runCase(work, options)
      if (E.isLeft(report)) return report
      reports.push(report.right)
    }
    return E.right({ machine, cases: reports })
  }

const bench = (options: Options): TE.TaskEither<TangentError, void> => {
  if (options.help || options.list) {
    print(options.help ? usage : cases.map(({ name, title }) => `${name}: ${title}`).join('\n'))
    return TE.right(undefined)
  }
  return pipe(
    prepareFile(options.json),
    TE.flatMap(() => runAll(options)),
    TE.flatMap((report) =>
      options.json === undefined ? TE.right(undefined) : writeReport(options.json, report)
    )
  )
}

const finished = await pipe(
  TE.fromEither(
    parseOptions(
      process.argv.slice(2),
      cases.map(({ name }) => name)
    )
  ),
  TE.flatMap(bench)
)()
if (E.isLeft(finished)) progress(formatError(finished.left))
// Peers may leave threads behind that would keep the process alive.
process.exit(E.isLeft(finished) ? 1 : 0)
