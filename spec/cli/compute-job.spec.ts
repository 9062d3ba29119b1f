import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { thinned } from '../../lib/cli/compute-job.js'
import type { PhaseProgress } from '../../lib/experiment/compute-run.js'

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

it('tells both ends of a phase, and between them no more often than every 50 ms', () => {
  const told: string[] = []
  const tell = thinned(
    ({ phase, done }: PhaseProgress) =>
      () =>
        void told.push(`${phase} ${done}`)
  )
  // a step each 20 ms
  for (const phase of ['training', 'evaluation'])
    for (let done = 0; done <= 7; done++) {
      tell({ phase, done, total: 7, note: '' })()
      vi.advanceTimersByTime(20)
    }
  const each = (phase: string): readonly string[] => [0, 3, 6, 7].map((done) => `${phase} ${done}`)
  expect(told).toEqual([...each('training'), ...each('evaluation')])
})
