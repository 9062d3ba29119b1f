import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluateOn, type Key, key, random } from 'tangentflow'
import { equivalenceTable, judge, seedsFor } from '../../lib/report/equivalence.js'
import { experimentSample, withoutMeasures } from '../support/experiment-sample.js'

describe('judge', () => {
  it('is what a hand finds: −1, 0, 1 has 0 ± 2.920 / √3', () => {
    const judged = judge([-1, 0, 1], 1.7)!
    expect(judged.high).toBeCloseTo(1.6858, 3)
    expect(judged.verdict).toBe('equivalent')
    expect(judge([-1, 0, 1], 1.6)!.verdict).toBe('undecided')
    expect(judge([4, 5, 6], 1)!.verdict).toBe('not worse')
    expect(judge([-4, -5, -6], 1)!.verdict).toBe('worse')
    expect(judge([0])).toBeUndefined()
  })

  it('moves with the differences, and only towards better', () => {
    const order = ['worse', 'undecided', 'equivalent', 'not worse']
    const some = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 2, maxLength: 10 })
    fc.assert(
      fc.property(some, fc.double({ min: 0, max: 5, noNaN: true }), (differences, by) => {
        const [a, b] = [differences, differences.map((one) => one + by)].map((each) => judge(each)!)
        expect(b!.low - a!.low).toBeCloseTo(by, 6)
        expect(b!.high - b!.low).toBeCloseTo(a!.high - a!.low, 6)
        // a wide interval goes from worse to not worse over undecided alone
        expect(order.indexOf(b!.verdict)).toBeGreaterThanOrEqual(order.indexOf(a!.verdict))
      })
    )
  })
})

describe('seedsFor', () => {
  it('grows with the square of the spread', () => {
    expect(seedsFor(1)).toBe(11)
    expect(seedsFor(0)).toBe(2)
    expect(seedsFor(20)).toBe(3428)
    expect(seedsFor(60)).toBe(Infinity)
    expect(seedsFor(4) / seedsFor(2)).toBeCloseTo(4, 0)
  })

  it('shows equivalence in four of five experiments, and fewer seeds do not', () => {
    const experiments = 4000
    const shareFor = (n: number): number => {
      const { data } = evaluateOn((k: Key) => random.normal([experiments * n])(k))(key(3))
      const verdicts = Array.from({ length: experiments }, (_, i) =>
        judge(Array.from(data.slice(i * n, (i + 1) * n)))
      )
      return verdicts.filter((judged) => judged!.verdict === 'equivalent').length / experiments
    }
    expect(shareFor(11)).toBeGreaterThan(0.78)
    expect(shareFor(9)).toBeLessThan(0.78)
  })
})

describe('equivalenceTable', () => {
  it('has a row for each masked method, and down to which density it is not worse', () => {
    const record = experimentSample({ seeds: 4, methods: 3, densities: [0.1, 0.5] })
    const dense = new Map(
      record.runs
        .filter(({ method }) => method === 'dense')
        .map(({ seed, robustness }) => [seed, robustness.robust])
    )
    // a method that equals the dense network at a half and loses four points at a tenth
    const runs = record.runs.map((run) =>
      run.method === 'dense'
        ? run
        : {
            ...run,
            robustness: {
              ...run.robustness,
              robust: dense.get(run.seed)! - (run.density === 0.1 ? 0.04 : 0) + 0.0001 * run.seed
            }
          }
    )
    const { headings, rows } = equivalenceTable({ ...record, runs })!
    expect(headings).toEqual(['method', '50 %', '10 %', 'down to', 'seeds needed'])
    expect(rows.length).toBeGreaterThan(0)
    for (const [, half, tenth, downTo] of rows) {
      expect(half).toMatch(/^equivalent /)
      expect(tenth).toMatch(/^worse −4\.0 \[/)
      expect(downTo).toBe('50 %')
    }
  })

  it('is none for one seed', () => {
    expect(
      equivalenceTable(withoutMeasures(experimentSample({ seeds: 1, methods: 2, densities: [0.1] })))
    ).toBeUndefined()
  })
})
