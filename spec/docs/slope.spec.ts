import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { mean } from '../../lib/core/mean.js'
import { ExperimentRecord } from '../../lib/experiment/experiment-record.js'
import { estimate } from '../../lib/report/estimate.js'
import { dynamics, groupsOf, kernelDistance, seededOf } from '../../lib/report/group.js'
import { right } from '../support/either.js'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

/** The masks along the search, from its start on. */
const isAlong = (method: string): boolean => method === 'kernelTrace' || /^ticket \d+$/.test(method)

/** The slope of the least squares of the logarithm of y on that of x. */
const logSlope = (points: readonly (readonly [x: number, y: number])[]): number => {
  const [xs, ys] = [0, 1].map((k) => points.map((point) => Math.log(point[k]!)))
  const [x, y] = [mean(xs!), mean(ys!)]
  const over = xs!.reduce((sum, each, i) => sum + (each - x) * (ys![i]! - y), 0)
  return over / xs!.reduce((sum, each) => sum + (each - x) ** 2, 0)
}

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
