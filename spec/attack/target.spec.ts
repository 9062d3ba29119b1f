import { describe, expect, it } from 'vitest'
import { attack, evaluateOn, key, ndarray, type Tensor } from 'tangentflow'
import { refusalOf } from '../support/refusal.js'
import { labelled, numbers, small } from './support.js'

describe('targets', () => {
  const logits = ndarray.fromNested([
    [3, 1, 2, 0],
    [0, 5, 1, 1]
  ])
  const y = ndarray.fromNested([0, 1])
  const chosen = (target: attack.Target): readonly number[] =>
    numbers(
      evaluateOn((z: Tensor, l: Tensor) =>
        target({ logits: z, y: l, ids: undefined, given: undefined, key: key(3) })
      )(logits, y)
    )

  it('are the wrong classes by rank, one class, or a random wrong one', () => {
    expect(chosen(attack.target.ranked(1))).toEqual([2, 2])
    expect(chosen(attack.target.ranked(2))).toEqual([1, 3])
    expect(chosen(attack.target.leastLikely)).toEqual([3, 0])
    expect(chosen(attack.target.fixed(2))).toEqual([2, 2])
    const random = Array.from({ length: 40 }, (_, seed) =>
      numbers(
        evaluateOn((z: Tensor, l: Tensor) =>
          attack.target.uniform({ logits: z, y: l, ids: undefined, given: undefined, key: key(seed) })
        )(logits, y)
      )
    )
    expect(new Set(random.map(([first]) => first))).toEqual(new Set([1, 2, 3]))
    expect(new Set(random.map(([, second]) => second))).toEqual(new Set([0, 2, 3]))
  })

  it.each([-Infinity, -3e38, NaN])('are never the label, beside logits of %s', (low) => {
    const z = ndarray.fromNested([
      [1, low, 0, low],
      [low, low, low, low],
      [low, low, 2, low]
    ])
    const labels = ndarray.fromNested([0, 3, 2])
    const by = (rank: number) =>
      numbers(
        evaluateOn((l: Tensor, of: Tensor) =>
          attack.target.ranked(rank)({ logits: l, y: of, ids: undefined, given: undefined, key: key(0) })
        )(z, labels)
      )
    expect([1, 2, 3].map(by)).toEqual([
      [2, 0, 0],
      [1, 1, 1],
      [3, 2, 3]
    ])
  })

  it.each([0, 4, 1.5, -1, NaN])('have no rank %s among four classes', (rank) =>
    expect(refusalOf(() => chosen(attack.target.ranked(rank)))).toMatchObject({
      _tag: 'ArgumentError',
      operation: 'attack.target.ranked',
      expected: 'a rank in [1, 3]',
      received: `${rank}`
    })
  )
  it.each([-1, 4, 0.5])('are no class %s of four', (label) =>
    expect(refusalOf(() => chosen(attack.target.fixed(label)))).toMatchObject({
      operation: 'attack.target.fixed',
      received: `${label}`
    })
  )

  it('are reached by a targeted attack, which only then succeeds', () => {
    const classes = 4
    const model = small([2, 3], classes)
    const batch = labelled(11, [6, 2, 3], classes)
    const goal = ndarray.of(
      [6],
      numbers(batch.y).map((label) => (label + 1) % classes)
    )
    const pgd = attack.pgd({
      epsilon: 0.9,
      steps: 20,
      relativeStep: 4,
      keep: 'best',
      target: attack.target.given
    })
    const found = evaluateOn(pgd(model))({}, { ...batch, target: goal }, key(1))
    const logitsAt = evaluateOn((x: Tensor) => model()(x))(found.x)
    found.success.data.forEach((success, i) => {
      const row = numbers(logitsAt).slice(classes * i, classes * i + classes)
      expect(success).toBe(row[goal.data[i]!]! >= Math.max(...row) ? 1 : 0)
      expect(found.margin.data[i]! <= 0).toBe(success === 1)
    })
    expect(numbers(found.success).reduce((a, b) => a + b, 0)).toBeGreaterThan(2)
  })
})
