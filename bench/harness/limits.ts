import { labelOf } from './candidate.js'
import { type CaseReport, isTimed, type Limit, type Timed } from './report.js'
import { showTime, table } from './table.js'

/** The case whose rates are the peaks: large products alone. */
export const PEAK_CASE = 'products'

/** The candidate whose large products run on the same library. */
const peakNameOf = (name: string): string => (name === 'hand-written onnx' ? 'onnx:native' : name)

/** The limit of every step whose operations are known, on each candidate whose peak, its fastest turn of large products, was measured. */
export const limitsOf = (cases: readonly CaseReport[]): readonly Limit[] => {
  const peaks = cases.find((report) => report.case === PEAK_CASE)
  if (peaks?.work === undefined) return []
  const { flops: work } = peaks.work
  const peakOf = ({ name, threads }: Timed): Timed | undefined =>
    peaks.rows.filter(isTimed).find((row) => row.name === peakNameOf(name) && row.threads === threads)
  return cases.flatMap(({ case: step, rows, flops }) =>
    flops === undefined
      ? []
      : rows.filter(isTimed).flatMap((row): readonly Limit[] => {
          const peak = peakOf(row)
          if (peak === undefined) return []
          const limit = (flops / work) * peak.steady.min
          return [
            { case: step, name: row.name, threads: row.threads, limit, times: row.steady.median / limit }
          ]
        })
  )
}

/** The limits as a table. */
export const showLimits = (limits: readonly Limit[]): string =>
  [
    'limit (ms): the operations of the optimised graph at the rate of large products on the same library',
    '',
    table(
      ['case', 'candidate / threads asked', 'limit', 'median over limit'],
      limits.map((row) => [row.case, labelOf(row), showTime(row.limit), `${row.times.toFixed(2)} ×`])
    )
  ].join('\n')
