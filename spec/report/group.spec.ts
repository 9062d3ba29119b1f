import { describe, expect, it } from 'vitest'
import { groupsOf, levelsOf, percentOf } from '../../lib/report/group.js'
import { experimentSample } from '../support/experiment-sample.js'

describe('groups', () => {
  it('are dense, then from the most weights to the fewest, methods in their order', () => {
    const record = experimentSample({ seeds: 2, methods: 3, densities: [0.07, 0.2] })
    expect(groupsOf(record).map(({ name }) => name)).toEqual([
      'dense',
      'random, 20 %',
      'magnitude, 20 %',
      'random, 7 %',
      'magnitude, 7 %'
    ])
    expect(groupsOf(record).map(({ runs }) => runs.length)).toEqual([2, 2, 2, 2, 2])
    expect(levelsOf(record).map(({ density }) => density)).toEqual([0.2, 0.07])
    expect([percentOf(0.07), percentOf(1 / 3)]).toEqual(['7 %', '33.33 %'])
  })

  it('tell densities apart that look alike', () => {
    const record = experimentSample({ seeds: 1, methods: 2, densities: [0.12345, 0.12346] })
    expect(groupsOf(record).map(({ density, runs }) => [density, runs.length])).toEqual([
      [1, 1],
      [0.12346, 1],
      [0.12345, 1]
    ])
  })
})
