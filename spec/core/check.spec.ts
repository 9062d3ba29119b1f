import { describe, expect, it } from 'vitest'
import {
  hasTag,
  requireFinite,
  requireFraction,
  requirePositive,
  requireWhole
} from '../../lib/core/check.js'
import { expectRefusal } from '../support/refusal.js'

describe('checks of numbers', () => {
  it('return what passes', () => {
    expect(requireWhole('f', 'n', 0)).toBe(0)
    expect(requireWhole('f', 'n', 7, 1, 7)).toBe(7)
    expect(requireFinite('f', 'x', -2.5)).toBe(-2.5)
    expect(requirePositive('f', 'x', 1e-9)).toBe(1e-9)
    expect([0, 1].map((x) => requireFraction('f', 'x', x))).toEqual([0, 1])
  })
  it.each([-1, 0.5, NaN, Infinity])('refuse %d as a whole number', (n) =>
    expectRefusal(
      () => requireWhole('f', 'n', n),
      'ArgumentError',
      'f',
      'a whole number of at least 0',
      `${n}`,
      'n'
    )
  )
  it.each([0, 8])('refuse %d outside bounds', (n) =>
    expectRefusal(
      () => requireWhole('f', 'n', n, 1, 7),
      'ArgumentError',
      'f',
      'a whole number in [1, 7]',
      `${n}`,
      'n'
    )
  )
  it.each([NaN, Infinity, -1])('refuse %d as a finite number of at least 0', (x) =>
    expectRefusal(
      () => requireFinite('f', 'x', x, 0),
      'ArgumentError',
      'f',
      'a finite number of at least 0',
      `${x}`,
      'x'
    )
  )
  it.each([NaN, Infinity, 0])('refuse %d as a number above 0', (x) =>
    expectRefusal(
      () => requirePositive('f', 'x', x),
      'ArgumentError',
      'f',
      'a finite number above 0',
      `${x}`,
      'x'
    )
  )
  it.each([
    [0, '(0, 1]'],
    [1, '[0, 1)'],
    [NaN, '[0, 1]'],
    [1.5, '(0, 1)']
  ] as const)('refuse %d outside %s', (x, interval) =>
    expectRefusal(
      () => requireFraction('f', 'x', x, interval),
      'ArgumentError',
      'f',
      `a number in ${interval}`,
      `${x}`,
      'x'
    )
  )
})

describe('hasTag', () => {
  it('tells records of the library by their tag', () => {
    expect(hasTag({ _tag: 'Key' }, 'Key')).toBe(true)
    expect([null, undefined, 1, {}, { _tag: 'Tensor' }].some((value) => hasTag(value, 'Key'))).toBe(false)
  })
})
