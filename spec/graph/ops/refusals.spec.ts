import { describe, it } from 'vitest'
import { ops } from '../../../lib/graph/ops/index.js'
import { spec } from '../../../lib/graph/spec.js'
import type { Tensor } from '../../../lib/graph/tensor.js'
import { expectRefusal, type Refusal } from '../../support/refusal.js'

const t = (...shape: number[]): Tensor => ops.ones(shape)

// Every refusal of the operations: what was asked, what was expected, what came.
const refusals: readonly Refusal[] = [
  [
    'sizes that do not broadcast',
    () => ops.add(t(4))(t(2, 3)),
    'ShapeError',
    'ops.add',
    'broadcast',
    '[2,3] and [4]'
  ],
  ['the same in a product', () => ops.mul(t(4))(t(3)), 'ShapeError', 'ops.mul', 'broadcast', '[3] and [4]'],
  ['and in a choice', () => ops.where(t(2))(t(3), 0), 'ShapeError', 'ops.where', 'broadcast', '[2] and [3]'],
  [
    'inner sizes',
    () => ops.matmul(t(4, 5))(t(2, 3)),
    'ShapeError',
    'ops.matmul',
    'inner sizes',
    '[2,3] and [4,5]'
  ],
  [
    'a scalar in a matrix product',
    () => ops.matmul(t())(t(2)),
    'ShapeError',
    'ops.matmul',
    'inner',
    '[2] and []'
  ],
  [
    'leading sizes',
    () => ops.matmul(t(3, 4, 5))(t(2, 2, 4)),
    'ShapeError',
    'ops.matmul',
    'shapes that broadcast',
    '[2] and [3]'
  ],
  ['dot of other shapes', () => ops.dot(t(3))(t(2)), 'ShapeError', 'ops.dot', '[2]', '[3]'],
  ['an axis too many', () => ops.sum(2)(t(2, 3)), 'AxisError', 'ops.sum', 'an axis in [-2, 2)', '2'],
  ['an axis twice', () => ops.mean([0, -2])(t(2, 3)), 'AxisError', 'ops.mean', 'each axis once', '[0,-2]'],
  ['one tensor along no axis', () => ops.concat(7)([t(2)]), 'AxisError', 'ops.concat', 'an axis', '7'],
  ['a maximum over no axis', () => ops.reduceMax(5)(t(2)), 'AxisError', 'ops.reduceMax', 'an axis', '5'],
  ['no permutation', () => ops.transpose([0, 0])(t(2, 3)), 'AxisError', 'ops.transpose', '2 axes', '[0,0]'],
  [
    'an einsum of one letter and two sizes',
    () => ops.einsum('ij,jk->ik')(t(2, 3), t(4, 5)),
    'IndexError',
    'ops.einsum',
    'index j of size 3',
    '4',
    'operand 1'
  ],
  [
    'an einsum with a new output letter',
    () => ops.einsum('i->ij')(t(2)),
    'IndexError',
    'ops.einsum',
    'output index j',
    'i->ij'
  ],
  [
    'an einsum with an operand too few',
    () => ops.einsum('i,j->ij')(t(2)),
    'ArgumentError',
    'ops.einsum',
    '2 operands',
    '1'
  ],
  [
    'an einsum of the wrong rank',
    () => ops.einsum('ij->i')(t(2)),
    'ShapeError',
    'ops.einsum',
    "2 axes for 'ij'",
    '[2]',
    'operand 0'
  ],
  [
    'an equation of two arrows',
    () => ops.einsum('ij->ji->ij'),
    'ArgumentError',
    'ops.einsum',
    'an equation',
    'ij->ji->ij'
  ],
  ['two dots', () => ops.einsum('..i'), 'ArgumentError', 'ops.einsum', 'an equation', '..i'],
  ['an ellipsis twice', () => ops.einsum('...i...'), 'ArgumentError', 'ops.einsum', 'an equation', '...i...'],
  [
    'an output without the ellipsis',
    () => ops.einsum('...i->i'),
    'ArgumentError',
    'ops.einsum',
    'an output with the ...',
    '...i->i'
  ],
  [
    'hidden axes that do not broadcast',
    () => ops.einsum('...i,...i')(t(2, 5), t(3, 5)),
    'ShapeError',
    'ops.einsum',
    'broadcast',
    '[2] and [3]'
  ],
  [
    'fewer axes than letters',
    () => ops.einsum('...ij')(t(2)),
    'ShapeError',
    'ops.einsum',
    "at least 2 axes for '...ij'",
    '[2]',
    'operand 0'
  ],
  [
    'a reshape to another size',
    () => ops.reshape([4])(t(2, 3)),
    'ShapeError',
    'ops.reshape',
    '6 elements',
    '[4]'
  ],
  [
    'a reshape that does not divide',
    () => ops.reshape([-1, 4])(t(2, 3)),
    'ShapeError',
    'ops.reshape',
    'whole sizes',
    '[1.5,4]'
  ],
  [
    'a broadcast that does not fit',
    () => ops.broadcastTo([2])(t(3)),
    'ShapeError',
    'ops.broadcastTo',
    'broadcast',
    '[3] and [2]'
  ],
  [
    'a broadcast to a smaller shape',
    () => ops.broadcastTo([1])(t(3)),
    'ShapeError',
    'ops.broadcastTo',
    'broadcasts to [1]',
    '[3]'
  ],
  [
    'a slice beyond the end',
    () => ops.slice([0], [4])(t(3)),
    'ShapeError',
    'ops.slice',
    'limit ≤ 3',
    '0, 4, 1',
    'axis 0'
  ],
  [
    'an empty slice',
    () => ops.slice([1], [1])(t(3)),
    'ShapeError',
    'ops.slice',
    'start < limit',
    '1, 1, 1',
    'axis 0'
  ],
  [
    'a slice at a half',
    () => ops.slice([0.5], [2])(t(3)),
    'ShapeError',
    'ops.slice',
    'whole',
    '0.5, 2, 1',
    'axis 0'
  ],
  [
    'a slice without steps',
    () => ops.slice([0], [2], [0])(t(3)),
    'ShapeError',
    'ops.slice',
    'stride ≥ 1',
    '0, 2, 0',
    'axis 0'
  ],
  [
    'bounds of another rank',
    () => ops.slice([0, 0], [1, 1])(t(3)),
    'ShapeError',
    'ops.slice',
    'bounds for 1 axes',
    '[0,0] and [1,1]'
  ],
  [
    'a negative padding',
    () => ops.pad([-1], [0])(t(3)),
    'ArgumentError',
    'ops.pad',
    'at least 0',
    '-1, 0, 0',
    'axis 0'
  ],
  [
    'half a padding',
    () => ops.pad([0], [0.5])(t(3)),
    'ArgumentError',
    'ops.pad',
    'whole',
    '0, 0.5, 0',
    'axis 0'
  ],
  [
    'a padding of NaN',
    () => ops.pad([NaN], [0])(t(3)),
    'ArgumentError',
    'ops.pad',
    'whole',
    'NaN, 0, 0',
    'axis 0'
  ],
  [
    'paddings of another rank',
    () => ops.pad([0], [0])(t(3, 3)),
    'ShapeError',
    'ops.pad',
    'amounts for 2 axes',
    '[0] and [0]'
  ],
  [
    'tensors that do not join',
    () => ops.concat(0)([t(2, 3), t(2, 4)]),
    'ShapeError',
    'ops.concat',
    'equal shape',
    '[1,3] and [1,4]'
  ],
  ['nothing to join', () => ops.concat(0)([]), 'ArgumentError', 'ops.concat', 'at least one tensor', 'none'],
  [
    'a window larger than the image',
    () => ops.unfold([4, 1])(t(3, 3)),
    'ShapeError',
    'ops.unfold',
    'at least the kernel',
    '[3,3], kernel [4,1]'
  ],
  [
    'a window without size',
    () => ops.unfold([0, 1])(t(3, 3)),
    'ShapeError',
    'ops.unfold',
    'whole kernel',
    'kernel [0,1]'
  ],
  ['windows of a vector', () => ops.unfold([1, 1])(t(3)), 'ShapeError', 'ops.unfold', 'two last axes', '[3]'],
  ['the top 0', () => ops.topKMask(0)(t(3)), 'ArgumentError', 'ops.topKMask', 'k in [1, 3]', '0'],
  ['the top 4 of 3', () => ops.topKMask(4)(t(3)), 'ArgumentError', 'ops.topKMask', 'k in [1, 3]', '4'],
  ['the top NaN', () => ops.topKMask(NaN)(t(3)), 'ArgumentError', 'ops.topKMask', 'whole k', 'NaN'],
  [
    'the top of a scalar',
    () => ops.topKMask(1)(t()),
    'ShapeError',
    'ops.topKMask',
    'at least one axis',
    '[]'
  ],
  ['indices that do not pair', () => ops.gather(t(3))(t(2, 3)), 'ShapeError', 'ops.gather', '[2]', '[3]'],
  [
    'no index',
    () => (ops.at as (axis: number) => (x: Tensor) => Tensor)(0)(t(3)),
    'ShapeError',
    'ops.at',
    '[0, 2]',
    'nothing',
    'index'
  ],
  ['a place that there is not', () => ops.at(0, -1)(t(3)), 'ShapeError', 'ops.at', '[0, 2]', '-1', 'index'],
  [
    'bounds that are numbers',
    () => ops.slice(0 as never, 2 as never)(t(3)),
    'ShapeError',
    'ops.slice',
    'bounds for 1 axes, in lists',
    '0 and 2'
  ],
  ['an axis that is no unit', () => ops.squeeze(0)(t(3)), 'ShapeError', 'ops.squeeze', 'size 1', '[3]'],
  ['counting along no axis', () => ops.iota([3], 1), 'AxisError', 'ops.iota', 'an axis', '1'],
  ['an empty shape', () => spec([2, 0]), 'ShapeError', 'spec', 'at least 1', '[2,0]'],
  ['a shape of NaN', () => spec([NaN]), 'ShapeError', 'spec', 'whole sizes', '[NaN]']
]

describe('an operation refuses', () => {
  it.each(refusals)('%s', (_, ...refusal) => expectRefusal(...refusal))
})
