import { type CaseReport, isTimed, type Report, showMachine, showRate, type Timed } from './report.js'

const COMMAND = 'npm run bench -- --suite kernels'

const isOurs = ({ name }: Timed): boolean => name.startsWith('gpujs:')

/** A time with three digits and its unit. */
const showDuration = (ms: number): string =>
  ms >= 1 ? `${ms.toPrecision(3)} ms` : `${(ms * 1000).toPrecision(3)} µs`

const rowsOf = ({ case: name, rows, work, best }: CaseReport): readonly string[] => {
  const timed = rows.filter(isTimed)
  const find = (wanted: string): Timed | undefined => timed.find((row) => row.name === wanted)
  const times = (other: Timed | undefined, own: Timed): string =>
    other === undefined ? '–' : (other.steady.median / own.steady.median).toFixed(2)
  return timed.filter(isOurs).map((row, i) => {
    const { median, spread, count } = row.steady
    const cells = [
      i === 0 ? name.replace(/^[^:]*: /, '') : '',
      row.executed.backend.replace(/^gpu\.js /, ''),
      showDuration(median),
      `±${(100 * spread).toFixed(0)} % of ${count}`,
      showRate(work?.flops ?? 0, median),
      showRate(work?.bytes ?? 0, median),
      times(find(`naive ${row.name.replace('gpujs:', '')}`), row),
      times(find('tfjs wasm'), row),
      times(find('jax-js wasm'), row),
      best === undefined || i > 0 ? '' : `${best.gflops} (${best.name})`
    ]
    return `| ${cells.join(' | ')} |`
  })
}

const missingOf = (reports: readonly CaseReport[]): readonly string[] => {
  const found = new Map<string, { reason: string; cases: number }>()
  for (const { rows } of reports)
    for (const row of rows) {
      if (row._tag === 'Timed') continue
      const key = `${row._tag}: ${row.name}`
      const [reason = ''] = row.reason.split('\n')
      found.set(key, { reason: reason.slice(0, 160), cases: (found.get(key)?.cases ?? 0) + 1 })
    }
  return [...found].map(([key, { reason, cases }]) => `- ${key}, in ${cases} rows: ${reason}`)
}

const headings = [
  '',
  'backend',
  'time',
  'spread of runs',
  'GFLOP/s',
  'GB/s',
  '× naive',
  '× tfjs-wasm',
  '× jax-js',
  'best known, GFLOP/s'
]

/** The page about kernels in `docs/`, made of a report. */
export const kernelPage = (report: Report): string => {
  const families = [...new Set(report.cases.map(({ case: name }) => name.split(':')[0]!))]
  const tables = families.flatMap((family) => [
    '',
    `## ${family}`,
    '',
    `| ${headings.join(' | ')} |`,
    `| --- | --- |${' ---: |'.repeat(headings.length - 3)} --- |`,
    ...report.cases.filter(({ case: name }) => name.startsWith(`${family}:`)).flatMap(rowsOf)
  ])
  const missing = missingOf(report.cases)
  return `${[
    '# Kernels',
    '',
    `Made by \`${COMMAND} --json FILE --page docs/kernels.md\`; do not edit.`,
    '',
    `${showMachine(report.machine)}.`,
    '',
    'How to run and read it: [bench/README.md](../bench/README.md).',
    '',
    'Every result was compared with the float64 reference before anything was timed. A run applies an operation several',
    'times to operands that are uploaded once, and reads the last result back; the time is its share of a run, the median of',
    'interleaved runs in one process, one thread. Bytes are those of operands and result, each once. “× naive” says how',
    'many times faster the generated kernel is than a plain one (one cell an element, a counting loop) on the same backend, the',
    'columns after it how many times faster than the peer; under 1 the peer is faster. Peers keep their operands.',
    'webgpu and headlessgl ran on the adapters named, which are software here: their times say nothing about a GPU.',
    ...tables,
    ...(missing.length === 0 ? [] : ['', '## Not measured', '', ...missing])
  ].join('\n')}\n`
}
