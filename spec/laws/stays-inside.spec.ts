import { describe, expect, it } from 'vitest'
import { ops } from 'tangentflow'
import { type AttackUnderLaw, samplesAreAlone } from 'tangentflow/laws'
import { expectRefusal } from '../support/refusal.js'

const options = { shape: [3, 2], classes: 2, runs: 3 }
const sums = ops.sum(1)

describe('samplesAreAlone', () => {
  it.each<[string, AttackUnderLaw]>([
    ['axis 0', ({ x }) => ({ x, sums: sums(x) })],
    [
      'axis 1, where as many rows are before',
      ({ x }) => ({ x, rows: ops.stack(0)([sums(x), sums(x), sums(x)]) })
    ],
    ['the last of three axes', ({ x }) => ({ x, turned: ops.expandDims(0)(ops.transpose()(x)) })]
  ])('takes results with their samples along %s', (_, f) => expect(samplesAreAlone(f, options).runs).toBe(3))

  it('is broken by a sample that sees the others, along any axis', () => {
    const seen: AttackUnderLaw = ({ x }) => ({ x, rows: ops.stack(0)([ops.sub(ops.mean()(x))(sums(x))]) })
    expect(() => samplesAreAlone(seen, options)).toThrow('a sample that saw its neighbours')
  })

  it('names a result that has no axis of the samples', () =>
    expectRefusal(
      () => samplesAreAlone(({ x }) => ({ x, loss: ops.mean()(x) }), options),
      'ShapeError',
      'samplesAreAlone',
      'a result with an axis of 3 samples',
      '[]',
      'loss'
    ))
})
