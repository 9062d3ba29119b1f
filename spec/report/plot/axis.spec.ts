import { describe, expect, it } from 'vitest'
import { extentOf, linearAxis, logAxis, roundNumbers, showNumber } from '../../../lib/report/plot/axis.js'

describe('axes', () => {
  it('name round numbers', () => {
    expect(
      linearAxis({ domain: [-1, 1], label: '', wanted: 4 })([0, 100]).ticks.map(({ text }) => text)
    ).toEqual(['−1', '−0.5', '0', '0.5', '1'])
    expect(logAxis({ domain: [1e-8, 20], label: '' })([0, 100]).ticks.map(({ text }) => text)).toEqual([
      '10⁻⁷',
      '10⁻⁵',
      '10⁻³',
      '0.1',
      '10'
    ])
    expect(logAxis({ domain: [0.3, 6], label: '' })([0, 100]).ticks.map(({ text }) => text)).toEqual([
      '0.5',
      '1',
      '2',
      '5'
    ])
    expect(logAxis({ domain: [0.1, 10], label: '' })([0, 100]).scale(1)).toBeCloseTo(50, 12)
    expect([0, 0.25, -3, 123456, -2.5e-7, 1e9, 5e-324].map(showNumber)).toEqual([
      '0',
      '0.25',
      '−3',
      '1.23 · 10⁵',
      '−2.5 · 10⁻⁷',
      '10⁹',
      '4.94 · 10⁻³²⁴'
    ])
  })

  it('name whole numbers alone of what is counted', () => {
    const epochs = linearAxis({ domain: [1, 3], label: 'epoch', whole: true })([0, 100])
    expect(epochs.ticks.map(({ text }) => text)).toEqual(['1', '2', '3'])
  })

  it('round steps to 1, 2 or 5 times a power of ten', () => {
    expect(roundNumbers(0, 0.52, 5)).toEqual([0, 0.1, 0.2, 0.3, 0.4, 0.5])
    expect(roundNumbers(3, 60, 6)).toEqual([10, 20, 30, 40, 50, 60])
  })

  it('leave their inset free at both ends, upwards and downwards', () => {
    const axis = linearAxis({ domain: [0, 1], label: '', inset: 10 })
    expect([0, 1].map(axis([0, 100]).scale)).toEqual([10, 90])
    expect([0, 1].map(axis([100, 0]).scale)).toEqual([90, 10])
  })
})

describe('extentOf', () => {
  it('adds a share of the distance, and has room around a single value', () => {
    expect(extentOf([3, 1, 2], 0.5)).toEqual([0, 4])
    expect([extentOf([4]), extentOf([0, 0])]).toEqual([
      [2, 6],
      [-0.5, 0.5]
    ])
  })
})
