import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { logSlope, regimeText } from '../../bench/harness/regime-report.js'
import type { Row } from '../../bench/harness/regime.js'
import { ExperimentRecord } from '../../lib/experiment/experiment-record.js'
import { estimate } from '../../lib/report/estimate.js'
import { dynamics, groupsOf, kernelDistance, seededOf } from '../../lib/report/group.js'
import { right } from '../support/either.js'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

/** The masks along the search, from its start on. */
const isAlong = (method: string): boolean => method === 'kernelTrace' || /^ticket \d+$/.test(method)

it('the slope of dynamics by kernel distance is that of the record', () => {
  const record = right(ExperimentRecord.decode(JSON.parse(read('bench/results/digits-flow-512.json'))))
  const groups = groupsOf(record).filter(({ method }) => isAlong(method))
  expect(groups).toHaveLength(6)
  const slopes = [...new Set(record.runs.map(({ seed }) => seed))].map((seed) =>
    logSlope(
      groups.map((group) => {
        const at = (of: typeof dynamics): number =>
          seededOf(group, of).find((one) => one.seed === seed)!.value
        return [at(kernelDistance), at(dynamics)] as const
      })
    )
  )
  const { mean: slope, interval } = estimate(slopes)
  const said = /a slope of \*\*([\d.]+) \[([\d.−]+), ([\d.]+)\]\*\*/.exec(read('docs/tickets.md'))
  expect(said?.slice(1)).toEqual([slope, interval!.low, interval!.high].map((value) => value.toFixed(2)))
})

it('the regime of the theory is that of its record: its tables, and the slopes', () => {
  const { rows } = JSON.parse(read('bench/results/linear-regime.json')) as { readonly rows: readonly Row[] }
  const parts = regimeText(rows).split('\n\n')
  const [slopes, page] = [parts.pop(), read('docs/tickets.md')]
  for (const table of parts) expect(page).toContain(table)
  const [, trained, said] = /slope trained (.*), slope said (.*)/.exec(slopes!)!
  expect(page).toContain(`**${trained}** as trained and **${said}** as the kernels say`)
})
