import { describe, expect, it } from 'vitest'
import type { Case } from '../../../bench/harness/candidate.js'
import { deviation } from '../../../bench/harness/check.js'
import type { Row } from '../../../bench/harness/measure.js'
import { ratiosOf, reportCase, showCase } from '../../../bench/harness/report.js'
import { showTime, table } from '../../../bench/harness/table.js'
import { ndarray, tangentError } from '../../../lib/index.js'
import * as TE from 'fp-ts/lib/TaskEither.js'

const timed = (name: string, threads: number, median: number): Row => ({
  _tag: 'Timed',
  name,
  threads,
  executed: { engine: name, backend: 'test', threads },
  stages: { trace: 1, optimise: 2 },
  firstRun: 3,
  error: 1e-7,
  steady: { count: 5, median, min: median, spread: 0.1 }
})

describe('tables', () => {
  it('align the first column left and the others right', () => {
    expect(
      table(
        ['name', 'ms'],
        [
          ['a', '1.25'],
          ['longer', '10']
        ]
      )
    ).toBe('name      ms\n------  ----\na       1.25\nlonger    10')
  })

  it('show three digits of a time, and a dash for none', () => {
    expect([1.234, 12.34, 123.4, undefined, NaN].map(showTime)).toEqual(['1.23', '12.3', '123', '–', '–'])
  })
})

describe('checking before timing', () => {
  const right = { a: ndarray.of([2], [3, 4]) }
  it('measures the relative L2 error of the worst result', () => {
    expect(deviation({ a: ndarray.of([2], [3, 4.5]) }, right)).toEqual({ result: 'a', error: 0.1 })
  })
  it('finds a missing, a misshapen and a NaN result infinitely wrong', () => {
    for (const outcome of [{}, { a: ndarray.of([1], [3]) }, { a: ndarray.of([2], [3, NaN]) }])
      expect(deviation(outcome, right).error).toBe(Infinity)
  })
})

describe('the report of a case', () => {
  const rows: readonly Row[] = [
    timed('ours', 1, 3),
    timed('ours', 2, 2),
    timed('limit', 1, 2),
    timed('limit', 2, 1),
    timed('peer', 1, 12),
    { _tag: 'Absent', name: 'gone', threads: 1, reason: 'not installed' },
    { _tag: 'Absent', name: 'gone', threads: 2, reason: 'not installed' },
    {
      _tag: 'Wrong',
      name: 'liar',
      threads: 1,
      executed: { engine: 'liar', backend: 'test', threads: 1 },
      reason: 'w is off'
    }
  ]

  it('compares equal thread counts, or all, as the comparison says', () => {
    expect(ratiosOf(rows, [{ of: 'ours', to: 'limit', sameThreads: true }])).toEqual([
      { of: 'ours / 1', to: 'limit / 1', ratio: 1.5 },
      { of: 'ours / 2', to: 'limit / 2', ratio: 2 }
    ])
    expect(
      ratiosOf(rows, [{ of: 'peer', to: 'ours', sameThreads: false }]).map(({ ratio }) => ratio)
    ).toEqual([4, 6])
    expect(ratiosOf(rows, [{ of: 'gone', to: 'ours', sameThreads: false }])).toEqual([])
  })

  it('says what is missing once, and never times a wrong result', () => {
    const work: Case = {
      name: 'work',
      title: 'some work',
      reference: TE.left(tangentError('EngineError', 'bench', 'nothing', 'nothing')),
      tolerance: 1,
      candidates: () => [],
      comparisons: []
    }
    const text = showCase(reportCase(work, rows))
    expect(text).toContain('not there: gone (threads 1, 2): not installed')
    expect(text).toContain('WRONG, not timed: liar (threads 1, on liar): w is off')
    expect(text.split('\n').filter((line) => line.startsWith('liar'))).toEqual([])
  })
})
