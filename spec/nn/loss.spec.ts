import * as fc from 'fast-check'
import { evaluateOn, grad, ndarray, type NdArray, nn, ops, type Tensor, trace } from 'tangentflow'
import { describe, expect, it } from 'vitest'
import { evaluateGraph } from '../../lib/graph/evaluate.js'
import { hostLeaves } from '../../lib/graph/spec.js'
import { expectRefusal } from '../support/refusal.js'
import { runs } from '../support/runs.js'

const values = (loss: nn.Loss, y: NdArray, z: NdArray): readonly number[] =>
  Array.from(evaluateOn((t: Tensor, logits: Tensor) => loss(t)(logits))(y, z).data)

/** The gradient of a loss, and then the loss, with every operation rounded to float32. */
const inFloat32 = (loss: nn.Loss, y: NdArray, z: NdArray): readonly number[] => {
  const both = (t: Tensor, logits: Tensor) => ({
    gradient: grad((at: Tensor) => ops.sum()(loss(t)(at)))(logits),
    value: loss(t)(logits)
  })
  const traced = trace(both, [y, z])
  if (traced._tag === 'Left') throw new Error(JSON.stringify(traced.left))
  return evaluateGraph(traced.right.graph, hostLeaves('spec', [y, z]), 'float32').flatMap(({ data }) =>
    Array.from(data)
  )
}

/** Logits of 4 to 7 classes without near ties, with a label and another class as target. */
const questions = fc.integer({ min: 4, max: 7 }).chain((classes) =>
  fc
    .record({
      order: fc.shuffledSubarray(
        Array.from({ length: classes }, (_, i) => i),
        { minLength: classes }
      ),
      gaps: fc.array(fc.double({ min: 0.05, max: 6, noNaN: true }), {
        minLength: classes,
        maxLength: classes
      }),
      y: fc.nat({ max: classes - 1 }),
      step: fc.integer({ min: 1, max: classes - 1 })
    })
    .map(({ order, gaps, y, step }) => {
      const sums = gaps.map((_, i) => gaps.slice(0, i + 1).reduce((a, b) => a + b, -10))
      return { z: order.map((place) => sums[place]!), y, t: (y + step) % classes }
    })
)

const row = (z: readonly number[]): NdArray => ndarray.fromNested([z])

const one = (label: number): NdArray => ndarray.fromNested([label])

const sorted = (z: readonly number[]): readonly number[] => [...z].sort((a, b) => b - a)

const targeted = (target: number): nn.Loss => nn.targetedDlr(ops.constant(one(target)))

const numbers = (array: NdArray): readonly number[] => Array.from(array.data)

const lossOf = (loss: nn.Loss, target: NdArray, outputs: NdArray): readonly number[] =>
  numbers(evaluateOn((t: Tensor, z: Tensor) => loss(t)(z))(target, outputs))

const logits = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 3, max: 6 }))
  .chain(([n, classes]) =>
    fc.record({
      z: fc.array(
        fc.array(fc.double({ min: -20, max: 20, noNaN: true }), { minLength: classes, maxLength: classes }),
        {
          minLength: n,
          maxLength: n
        }
      ),
      y: fc.array(fc.integer({ min: 0, max: classes - 1 }), { minLength: n, maxLength: n })
    })
  )

describe('losses of attacks', () => {
  it('are what sorting the logits gives', () =>
    fc.assert(
      fc.property(questions, ({ z, y, t }) => {
        const [first, second, third, fourth] = sorted(z) as [number, number, number, number]
        const margin = z[y]! - (z[y] === first ? second : first)
        expect(values(nn.margin, one(y), row(z))[0]).toBeCloseTo(margin, 10)
        expect(values(nn.cw(), one(y), row(z))[0]).toBeCloseTo(-Math.max(margin, 0), 10)
        expect(values(nn.cw(2), one(y), row(z))[0]).toBeCloseTo(-Math.max(margin, -2), 10)
        expect(values(nn.cw(Infinity), one(y), row(z))[0]).toBeCloseTo(-margin, 10)
        expect(values(nn.dlr, one(y), row(z))[0]).toBeCloseTo(-margin / (first - third), 8)
        expect(values(targeted(t), one(y), row(z))[0]).toBeCloseTo(
          -(z[y]! - z[t]!) / (first - (third + fourth) / 2),
          8
        )
      })
    ))

  it('DLR, targeted or not, sees neither scale nor shift', () =>
    fc.assert(
      fc.property(
        questions,
        fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
        fc.double({ min: -50, max: 50, noNaN: true }),
        ({ z, y, t }, scale, shift) => {
          const moved = row(z.map((v) => scale * v + shift))
          for (const loss of [nn.dlr, targeted(t)])
            expect(values(loss, one(y), moved)[0]).toBeCloseTo(values(loss, one(y), row(z))[0]!, 5)
        }
      )
    ))

  it.each([
    ['equal', [2, 2, 2, 2]],
    ['huge', [1e6, -1e6, 3e5, 0]],
    ['tiny', [1e-6, 2e-6, -1e-6, 0]],
    ['far apart', [500, 0, -500, -1000]],
    ['tied at the top', [3, 3, 1, 0]]
  ])('and their gradients are finite in float32 where logits are %s', (_, z) => {
    const losses: readonly nn.Loss[] = [
      nn.crossEntropyEach,
      nn.margin,
      nn.cw(),
      nn.dlr,
      targeted(1),
      () => nn.klEach(ops.constant(row([0, 1, 2, 3])))
    ]
    for (const loss of losses)
      for (const label of [0, 3]) {
        expect(inFloat32(loss, one(label), row(z)).every(Number.isFinite)).toBe(true)
      }
  })

  it('KL is 0 for equal logits and not negative in float32 beyond rounding', () =>
    fc.assert(
      fc.property(questions, questions, ({ z: p }, { z: q }) => {
        const n = Math.min(p.length, q.length)
        const kl = (a: readonly number[], b: readonly number[]): number =>
          inFloat32(
            () => nn.klEach(ops.constant(row(a.slice(0, n).map(Math.fround)))),
            one(0),
            row(b.slice(0, n).map(Math.fround))
          ).at(-1)!
        expect(kl(p, p)).toBe(0)
        expect(kl(p, q)).toBeGreaterThanOrEqual(-1e-6)
      }),
      { numRuns: runs(50) }
    ))

  it('the gradient of the Carlini–Wagner loss ends where the example is misclassified by κ', () => {
    const slope = (z: readonly number[]) =>
      evaluateOn(grad((at: Tensor) => ops.sum()(nn.cw(1)(ops.constant(one(0)))(at))))(row(z)).data
    expect([...slope([0, 0.5])]).toEqual([-1, 1])
    expect([...slope([0, 2])].every((v) => v === 0)).toBe(true)
  })

  it('refuse too few classes and a negative confidence', () => {
    const of = (loss: nn.Loss, z: NdArray) => () => values(loss, one(0), z)
    expectRefusal(of(nn.dlr, row([1, 2])), 'ShapeError', 'nn.dlr', 'at least 3 classes', '2')
    expectRefusal(of(targeted(1), row([1, 2, 3])), 'ShapeError', 'nn.targetedDlr', 'at least 4 classes', '3')
    expectRefusal(of(nn.cw(-1), row([1, 2])), 'ArgumentError', 'nn.cw', 'at least 0', '-1')
  })
})

describe('losses', () => {
  it('cross-entropy stays finite for logits of 1000 and more', () => {
    const z = ndarray.fromNested([
      [1000, -1000],
      [1e4, 1e4]
    ])
    expect(lossOf(nn.crossEntropyEach, ndarray.fromNested([1, 0]), z)).toEqual([2000, Math.log(2)])
  })

  it('mse is half the squared distance, averaged over examples', () => {
    const [target, out] = [
      ndarray.fromNested([
        [1, 0],
        [0, 0]
      ]),
      ndarray.fromNested([
        [3, 0],
        [0, 4]
      ])
    ]
    expect(lossOf(nn.mseEach, target, out)).toEqual([2, 8])
    expect(lossOf(nn.mse, target, out)).toEqual([5])
  })

  it('margin, DLR and KL have their worked values', () => {
    const z = ndarray.fromNested([[3, 1, -1]])
    expect(lossOf(nn.margin, ndarray.fromNested([1]), z)).toEqual([-2])
    expect(lossOf(nn.dlr, ndarray.fromNested([1]), z)).toEqual([0.5])
    const p = ndarray.fromNested([[0, 0]])
    const q = ndarray.fromNested([[Math.log(3), 0]])
    expect(lossOf(nn.kl, p, q)[0]).toBeCloseTo(0.5 * Math.log(2 / 3) + 0.5 * Math.log(2), 12)
  })

  it('margin is positive exactly where the label wins; a tie is broken', () =>
    fc.assert(
      fc.property(logits, ({ z, y }) => {
        const margins = lossOf(nn.margin, ndarray.fromNested(y), ndarray.fromNested(z))
        const right = lossOf(nn.correct, ndarray.fromNested(y), ndarray.fromNested(z))
        z.forEach((row, i) => {
          const wins = row.every((value, j) => j === y[i] || value < row[y[i]!]!)
          expect(margins[i]! > 0).toBe(wins)
          expect(right[i]).toBe(wins ? 1 : 0)
        })
      })
    ))

  it('DLR does not see shift or scale of the logits', () =>
    fc.assert(
      fc.property(logits, fc.double({ min: 0.1, max: 50, noNaN: true }), ({ z, y }, s) => {
        const third = (row: readonly number[]): number => [...row].sort((a, b) => b - a)[2]!
        fc.pre(z.every((row) => Math.max(...row) - third(row) > 1e-3))
        const moved = z.map((row) => row.map((value) => s * value + 1))
        const a = lossOf(nn.dlr, ndarray.fromNested(y), ndarray.fromNested(z))
        const b = lossOf(nn.dlr, ndarray.fromNested(y), ndarray.fromNested(moved))
        a.forEach((value, i) => expect(b[i]).toBeCloseTo(value, 6))
      })
    ))

  it('KL(p, p) = 0, and KL is not negative', () =>
    fc.assert(
      fc.property(logits, logits, (a, b) => {
        const p = ndarray.fromNested(a.z)
        expect(Math.abs(lossOf(nn.kl, p, p)[0]!)).toBeLessThan(1e-12)
        const q = ndarray.of(
          p.shape,
          numbers(p).map((_, i) => b.z.flat()[i % b.z.flat().length]!)
        )
        lossOf(nn.klEach, p, q).forEach((value) => expect(value).toBeGreaterThan(-1e-12))
      })
    ))
})
