import { describe, expect, it } from 'vitest'
import { evaluateOn, grad, ndarray, type NdArray, nn, ops, spec, type Tensor, trace } from 'tangentflow'

const lossOf = (loss: nn.Loss, target: NdArray, outputs: NdArray) =>
  ndarray.toNested(evaluateOn((t: Tensor, f: Tensor) => loss(t)(f))(target, outputs))

const pairs = { mse: nn.mse, mseEach: nn.mseEach, kl: nn.kl, klEach: nn.klEach } as const
const labelled = {
  crossEntropy: nn.crossEntropy,
  crossEntropyEach: nn.crossEntropyEach,
  margin: nn.margin,
  'cw(0)': nn.cw(0),
  'cw(0).targeted': nn.cw(0).targeted,
  dlr: nn.dlr,
  'targetedDlr by labels': (labels: Tensor) => nn.targetedDlr(ops.fill(0, [3]))(labels),
  'targetedDlr by targets': (targets: Tensor) => nn.targetedDlr(targets)(ops.fill(0, [3])),
  correct: nn.correct,
  accuracy: nn.accuracy
} as const

const refused = (loss: nn.Loss, target: readonly number[], outputs: readonly number[]) =>
  trace((t: Tensor, f: Tensor) => loss(t)(f), [spec(target), spec(outputs)])

describe('a loss of outputs and targets', () => {
  it.each(Object.entries(pairs))('%s refuses any two shapes, in value and gradient', (_, loss) => {
    for (const [target, outputs] of [
      [[4], [4, 1]],
      [[4, 1], [4]],
      [
        [4, 1],
        [4, 3]
      ],
      [
        [1, 3],
        [4, 3]
      ],
      [[3], [4, 3]],
      [[], [4, 3]],
      [
        [4, 1, 3],
        [4, 3]
      ],
      [[], []]
    ] as const) {
      expect(refused(loss, target, outputs)).toMatchObject({ left: { _tag: 'ShapeError' } })
      const slope = trace(
        (t: Tensor, f: Tensor) => grad((at: Tensor) => ops.sum()(loss(t)(at)))(f),
        [spec(target), spec(outputs)]
      )
      expect(slope).toMatchObject({ left: { _tag: 'ShapeError' } })
    }
    expect(refused(loss, [4, 3], [4, 3])).toMatchObject({ _tag: 'Right' })
  })

  it('mse takes examples of any shape, axis 0 being theirs', () => {
    const one = (...values: readonly number[]) => ndarray.fromNested(values)
    expect(lossOf(nn.mseEach, one(0, 1, 2), one(2, 1, -1))).toEqual([2, 0, 4.5])
    expect(lossOf(nn.mse, one(0, 1, 2), one(2, 1, -1))).toBeCloseTo(6.5 / 3, 12)
    const column = (...values: readonly number[]) => ndarray.of([3, 1], [...values])
    expect(lossOf(nn.mseEach, column(0, 1, 2), column(2, 1, -1))).toEqual([2, 0, 4.5])
    const square = (values: readonly number[]) => ndarray.of([2, 2, 2], [...values])
    expect(lossOf(nn.mseEach, square([0, 0, 0, 0, 1, 1, 1, 1]), square([1, 2, 3, 4, 1, 1, 1, 3]))).toEqual([
      15, 2
    ])
    expect(lossOf(nn.mse, square([0, 0, 0, 0, 1, 1, 1, 1]), square([1, 2, 3, 4, 1, 1, 1, 3]))).toBe(8.5)
  })
})

describe('a loss of logits and labels', () => {
  it.each(Object.entries(labelled))('%s refuses labels that are not one for each row', (_, loss) => {
    for (const labels of [[3, 1], [1], [4], [], [3, 4]])
      expect(refused(loss, labels, [3, 4])).toMatchObject({ left: { _tag: 'ShapeError' } })
    expect(refused(loss, [3], [3, 4])).toMatchObject({ _tag: 'Right' })
  })

  it('says why a difference of logits needs so many classes, and what takes fewer', () => {
    expect(refused(nn.dlr, [3], [3, 2])).toMatchObject({
      left: { _tag: 'ShapeError', operation: 'nn.dlr', received: '2' }
    })
    expect(JSON.stringify(refused(nn.dlr, [3], [3, 2]))).toMatch(/at least 3 classes, because.*z_π3.*nn\.cw/)
    const targeted = (labels: Tensor) => nn.targetedDlr(labels)(labels)
    expect(JSON.stringify(refused(targeted, [3], [3, 3]))).toMatch(
      /at least 4 classes, because.*z_π4.*nn\.dlr/
    )
  })
})
