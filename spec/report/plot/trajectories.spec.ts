import { describe, expect, it } from 'vitest'
import { plot } from 'tangentflow'
import { left, right } from '../../support/kernels.js'
import { expectSound } from '../../support/markup.js'

describe('trajectories', () => {
  const predicted = [0, 1, 10, 100].map((time) => ({ time, value: 1 - Math.exp(-time / 10) }))

  it('draws lines for what was predicted and dots for what was measured', () => {
    const measured = predicted.slice(1)
    const svg = right(
      plot.trajectories([
        { name: 'f', predicted, measured },
        { name: 'g', predicted }
      ])
    )
    expectSound(svg)
    expect(svg.match(/<polyline/g)).toHaveLength(2)
    expect(svg.match(/<circle/g)).toHaveLength(3)
    expect(svg).toContain('lines predicted, dots measured')
    expect(right(plot.trajectories([{ name: 'f', predicted }]))).not.toContain('dots measured')
  })

  it.each(['linear', 'log'] as const)('draws the largest numbers there are over %s time', (time) => {
    const far = [1e-300, 1, 1.7e308].map((at) => ({ time: at, value: at === 1 ? -1.7e308 : at }))
    expectSound(right(plot.trajectories([{ name: 'f', predicted: far, measured: far }], { time })))
  })

  it('leaves time 0 off a logarithmic axis, draws a single point, and refuses none', () => {
    const svg = right(plot.trajectories([{ name: 'f', predicted }], { time: 'log' }))
    expectSound(svg)
    expect(/points="([^"]*)"/.exec(svg)![1]!.split(' ')).toHaveLength(3)
    expectSound(right(plot.trajectories([{ name: 'f', predicted: [{ time: 1, value: 0 }] }])))
    expect(left(plot.trajectories([]))._tag).toBe('ArgumentError')
    expect(left(plot.trajectories([{ name: 'f', predicted: [{ time: 0, value: Infinity }] }]))._tag).toBe(
      'DataError'
    )
  })
})
