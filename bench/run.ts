import { existsSync } from 'node:fs'
import { access, constants, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { pipe } from 'fp-ts/lib/function.js'
import { formatError, tangentError, type TangentError } from '../lib/index.js'
import { cases as steps } from './cases/index.js'
import { gpuCaseNames, runGpuSuite } from './gpu/suite.js'
import type { Case } from './harness/candidate.js'
import { limitsOf, showLimits } from './harness/limits.js'
import { thisMachine } from './harness/machine.js'
import { effortOf, effortOfKernels, measure } from './harness/measure.js'
import { type Options, parseOptions, usage } from './harness/options.js'
import { kernelPage } from './harness/page.js'
import { type CaseReport, type Report, reportCase, showCase, showMachine } from './harness/report.js'
import { kernelCase } from './kernels/case.js'
import { showCosts } from './kernels/costs.js'
import { nameOf } from './kernels/row.js'
import { kernelRows } from './kernels/rows/index.js'
import { userCase } from './kernels/user.js'

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

/** Writes a file whole or not at all; without a path nothing. */
const write = (path: string | undefined, text: () => string): TE.TaskEither<TangentError, void> =>
  path === undefined
    ? TE.right(undefined)
    : TE.tryCatch(async () => {
        await writeFile(`${path}.part`, text())
        await rename(`${path}.part`, path)
      }, ioError(path))

const readReport = (path: string): TE.TaskEither<TangentError, Report> =>
  TE.tryCatch(async () => JSON.parse(await readFile(path, 'utf8')) as Report, ioError(path))

const runCase = async (work: Case, options: Options): Promise<E.Either<TangentError, CaseReport>> => {
  const wanted = work
    .candidates(options.threads)
    .filter(
      ({ name }) => options.candidates.length === 0 || options.candidates.some((part) => name.includes(part))
    )
  const effort = (options.suite === 'kernels' ? effortOfKernels : effortOf)(options.quick)
  const rows = await measure(work, wanted, effort, progress)
  if (E.isLeft(rows)) return rows
  const report = reportCase(work, rows.right)
  print(`\n${showCase(report)}`)
  return E.right(report)
}

/** The cases that were asked for. */
const casesOf = ({
  suite,
  only,
  file,
  backends,
  large
}: Options): TE.TaskEither<TangentError, readonly Case[]> => {
  if (file !== undefined)
    return pipe(
      userCase(file),
      TE.map((work) => [work])
    )
  if (suite === 'steps')
    return TE.right(
      steps.filter(
        ({ name, group = name }) => only.length === 0 || only.includes(name) || only.includes(group)
      )
    )
  const rows = kernelRows.filter(
    (row) => only.length === 0 || only.some((part) => nameOf(row).includes(part))
  )
  return TE.right(rows.map(kernelCase(backends, large)))
}

const runAll =
  (options: Options) =>
  (cases: readonly Case[]): TE.TaskEither<TangentError, Report> =>
  async () => {
    const machine = thisMachine()
    print(showMachine(machine))
    const reports: CaseReport[] = []
    for (const work of cases) {
      const report = await runCase(work, options)
      if (E.isLeft(report)) return report
      reports.push(report.right)
    }
    const limits = limitsOf(reports)
    if (limits.length === 0) return E.right({ machine, cases: reports })
    print(`\n${showLimits(limits)}`)
    return E.right({ machine, cases: reports, limits })
  }

const bench = (options: Options): TE.TaskEither<TangentError, void> => {
  if (options.help) {
    print(usage)
    return TE.right(undefined)
  }
  const { suite, backends, widths, json, page, from } = options
  const keep = (report: Report) => write(json, () => `${JSON.stringify(report, null, 2)}\n`)
  if (suite === 'costs') return TE.fromTask(async () => print(await showCosts(backends)))
  if (suite === 'gpu') {
    if (options.list) return TE.fromIO(() => print(gpuCaseNames(widths).join('\n')))
    return pipe(
      prepareFile(json),
      TE.flatMap(() => runGpuSuite(options, print, progress, keep)),
      TE.asUnit
    )
  }
  if (from !== undefined)
    return pipe(
      readReport(from),
      TE.flatMap((report) => write(page, () => kernelPage(report)))
    )
  return pipe(
    casesOf(options),
    TE.flatMap((cases) => {
      if (!options.list)
        return pipe(
          prepareFile(json),
          TE.flatMap(() => prepareFile(page)),
          TE.flatMap(() => runAll(options)(cases)),
          TE.tap(keep),
          TE.flatMap((report) => write(page, () => kernelPage(report)))
        )
      print(cases.map(({ name, title }) => `${name}: ${title}`).join('\n'))
      return TE.right(undefined)
    })
  )
}

const finished = await pipe(
  TE.fromEither(
    parseOptions(process.argv.slice(2), {
      steps: [...new Set(steps.flatMap(({ name, group = name }) => [name, group]))],
      kernels: kernelRows.map(nameOf),
      gpu: gpuCaseNames([]),
      costs: []
    })
  ),
  TE.flatMap(bench)
)()
if (E.isLeft(finished)) progress(formatError(finished.left))
// Peers may leave threads behind that would keep the process alive.
process.exit(E.isLeft(finished) ? 1 : 0)
