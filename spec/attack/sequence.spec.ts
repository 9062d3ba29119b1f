import { describe, expect, it } from 'vitest'
import { attack, evaluateOn, fold, key, ndarray, nn, ops, type Tensor } from 'tangentflow'
import { labelled, numbers, small } from './support.js'

const classes = 4
const model = small([2, 3], classes)
const batch = labelled(11, [8, 2, 3], classes)
const found = (how: attack.TracedAttack, seed = key(5)) => evaluateOn(how(model))({}, batch, seed)
type Found = ReturnType<typeof found>

/** The index of the strongest result of each sample: a success before none, then the larger number, then the earlier. */
const strongest = (results: readonly Found[], by: (result: Found, i: number) => number): readonly number[] =>
  Array.from({ length: 8 }, (_, i) =>
    results.reduce((best, result, j) => {
      const [a, b] = [results[best]!.success.data[i]!, result.success.data[i]!]
      return b > a || (a === b && by(result, i) > by(results[best]!, i)) ? j : best
    }, 0)
  )

const expectStrongest = (whole: Found, parts: readonly Found[], chosen: readonly number[]): void => {
  const rowOf = (result: Found, i: number): readonly number[] => numbers(result.x).slice(6 * i, 6 * i + 6)
  chosen.forEach((j, i) => {
    expect(rowOf(whole, i)).toEqual(rowOf(parts[j]!, i))
    for (const field of ['success', 'loss', 'margin'] as const)
      expect(whole[field].data[i]).toBe(parts[j]![field].data[i])
  })
  expect(numbers(whole.losses)).toEqual(parts.flatMap(({ losses }) => numbers(losses)))
  expect(numbers(whole.margins)).toEqual(parts.flatMap(({ margins }) => numbers(margins)))
  for (const field of ['zeroGradients', 'nonFiniteGradients'] as const)
    expect(numbers(whole[field])).toEqual(
      chosen.map((_, i) => parts.reduce((sum, part) => sum + part[field].data[i]!, 0))
    )
}

describe('restarts', () => {
  it('keep the strongest start of each sample by success, then loss', () => {
    const pgd = attack.pgd({ epsilon: 0.06, steps: 1, stepSize: 0.03 })
    const parts = [0, 1, 2, 3].map((r) => found(pgd, fold(r)(key(5))))
    const chosen = strongest(parts, ({ loss }, i) => loss.data[i]!)
    expect(new Set(chosen).size).toBeGreaterThan(1)
    expectStrongest(found(attack.restarts(4)(pgd)), parts, chosen)
  })
})

describe('worst', () => {
  it('keeps the strongest attack of each sample by success, then margin, whatever they raise', () => {
    const shifted: attack.AttackLoss = (y) => (z) => ops.add(100)(nn.dlr(y)(z))
    const attacks = [
      attack.noise({ epsilon: 0.05 }),
      attack.pgd({ epsilon: 0.05, steps: 3, stepSize: 0.02, loss: shifted }),
      attack.pgd({ epsilon: 0.05, steps: 3, stepSize: 0.02 })
    ]
    const parts = attacks.map((how, j) => found(how, fold(j)(key(5))))
    const chosen = strongest(parts, ({ margin }, i) => -margin.data[i]!)
    expect(new Set(chosen).size).toBeGreaterThan(1)
    expect(chosen).not.toEqual(strongest(parts, ({ loss }, i) => loss.data[i]!))
    expectStrongest(found(attack.worst(...attacks)), parts, chosen)
  })

  it('scores a plain attack by cross-entropy and margin of its point', () => {
    const gray: attack.Attack =
      () =>
      (_params, { x }) => ({ x: ops.fill(0.5, x.shape) })
    const { losses, margins, x, zeroGradients } = found(attack.worst(gray))
    expect(numbers(x).every((value) => value === 0.5)).toBe(true)
    const z = numbers(evaluateOn((at: Tensor) => model()(at))(ndarray.full([1, 2, 3], 0.5)))
    const total = Math.log(z.reduce((sum, value) => sum + Math.exp(value), 0))
    numbers(batch.y).forEach((y, i) => {
      expect(losses.data[i]).toBeCloseTo(total - z[y]!, 12)
      expect(margins.data[i]).toBeCloseTo(z[y]! - Math.max(...z.filter((_, j) => j !== y)), 12)
    })
    expect(numbers(zeroGradients)).toEqual(new Array(8).fill(0))
  })
})
