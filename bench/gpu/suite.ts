import { availableParallelism } from 'node:os'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type TangentError, tangentError } from '../../lib/index.js'
import { adapterNeeded, describeAdapter, requestAdapter } from '../../lib/engine/adapter.js'
import { field } from '../../lib/engine/inspect.js'
import { thisMachine } from '../harness/machine.js'
import type { Effort } from '../harness/measure.js'
import type { Options } from '../harness/options.js'
import { type CaseReport, type Report, reportCase, showCase, showMachine } from '../harness/report.js'
import { gpuCases, type GpuSizes } from './cases.js'
import { runCase } from './run-case.js'

/** What is measured on a kind of adapter, how often, and how many seconds a row may take. */
interface Setting extends GpuSizes {
  readonly effort: Effort
  readonly limit: number
}

/** An adapter that computes in software takes seconds for what a GPU does in a millisecond. */
const settings: { readonly [K in 'hardware' | 'software']: Setting } = {
  hardware: {
    widths: [512, 1024, 2048, 4096, 8192],
    examples: 1024,
    large: true,
    effort: { budget: 3_000, rounds: 12 },
    limit: 60
  },
  software: { widths: [32, 64], examples: 64, large: false, effort: { budget: 200, rounds: 1 }, limit: 30 }
}

/** A whole run with the time of one sample: does everything run? */
const quickly: Effort = { budget: 500, rounds: 1 }

/** The adapter that WebGPU gives in Node, by the name that engines tell. */
const adapterName: TE.TaskEither<TangentError, string> = pipe(
  TE.tryCatch(requestAdapter, String),
  TE.flatMap((adapter) =>
    adapter === undefined ? TE.left('none') : TE.right(describeAdapter(field(adapter, 'info')))
  ),
  TE.mapLeft((received) => tangentError('EngineError', 'bench', adapterNeeded, received))
)

const countOf = (cases: readonly CaseReport[], ...tags: readonly string[]): number =>
  cases.flatMap(({ rows }) => rows).filter(({ _tag }) => tags.includes(_tag)).length

/** How many rows there are of each kind, and which failed. */
export const summaryOf = (cases: readonly CaseReport[]): string => {
  const failed = cases.flatMap(({ case: name, rows }) =>
    rows.flatMap((row) =>
      row._tag === 'Failed' || row._tag === 'Wrong' ? [`  ${row._tag}: ${name}, ${row.name}`] : []
    )
  )
  return [
    `${countOf(cases, 'Timed')} rows timed, ${countOf(cases, 'Absent')} not there, ${failed.length} failed or wrong`,
    ...failed
  ].join('\n')
}

/** Names of the cases: of these widths or, without any, once for all widths. */
export const gpuCaseNames = (widths: readonly number[]): readonly string[] => {
  const { examples, large } = settings.hardware
  const names = gpuCases({ widths: widths.length === 0 ? [1] : widths, examples, large })
  return names.map(({ name }) => name.replace(/ 1$/, ''))
}

/**
 * Measures the cases of GPUs, each in a process of its own. `keep` is given the report after every case, so that a machine that
 * is taken away leaves what was measured.
 */
export const runGpuSuite = (
  { widths, only, candidates, quick, limit }: Options,
  print: (text: string) => void,
  say: (line: string) => void,
  keep: (report: Report) => TE.TaskEither<TangentError, void>
): TE.TaskEither<TangentError, Report> =>
  pipe(
    adapterName,
    TE.flatMap((adapter) => async () => {
      const kind = adapter.endsWith(', software') ? 'software' : 'hardware'
      const { effort, limit: usual, ...defaults } = settings[kind]
      const limitMs = 1000 * (limit ?? usual)
      const sizes: GpuSizes = { ...defaults, ...(widths.length === 0 ? {} : { widths }) }
      const machine = { ...thisMachine(), adapter }
      print(
        `${showMachine(machine)}\nadapter: ${adapter}; widths ${sizes.widths.join(', ')}; at most ${limitMs / 1000} s a row`
      )
      if (kind === 'software')
        print('this adapter computes in software: sizes are small, and times say nothing about a GPU')
      const cases: CaseReport[] = []
      for (const work of gpuCases(sizes)) {
        if (only.length > 0 && !only.some((part) => work.name.includes(part))) continue
        const { name } = work
        const order = { name, sizes, threads: availableParallelism(), parts: candidates, done: 0 }
        const rows = await runCase({ ...order, effort: quick ? quickly : effort }, limitMs, say)
        cases.push(reportCase(work, rows))
        print(`\n${showCase(cases.at(-1)!)}`)
        const kept = await keep({ machine, cases })()
        if (kept._tag === 'Left') return kept
      }
      print(`\n${summaryOf(cases)}`)
      return { _tag: 'Right', right: { machine, cases } }
    })
  )
