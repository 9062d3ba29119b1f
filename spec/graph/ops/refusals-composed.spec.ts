import { describe, it } from 'vitest'
import { ops } from '../../../lib/graph/ops/index.js'
import type { Tensor } from '../../../lib/graph/tensor.js'
import { expectRefusal, type Refusal } from '../../support/refusal.js'

const t = (...shape: number[]): Tensor => ops.ones(shape)

// Of the operations that are composed of others: what was asked, what was expected, what came.
const refusals: readonly Refusal[] = [
  ['the largest place of a scalar', () => ops.argMax(0)(t()), 'AxisError', 'ops.argMax', 'an axis', '0'],
  ['the smallest place of no axis', () => ops.argMin(2)(t(3, 2)), 'AxisError', 'ops.argMin', 'an axis', '2'],
  [
    'a minimum over an axis twice',
    () => ops.reduceMin([0, 0])(t(2)),
    'AxisError',
    'ops.reduceMin',
    'once',
    '[0,0]'
  ],
  ['a running sum of a scalar', () => ops.cumsum()(t()), 'AxisError', 'ops.cumsum', 'an axis', '-1'],
  ['a scalar to sort', () => ops.sort()(t()), 'AxisError', 'ops.sort', 'an axis', '-1'],
  ['the order along no axis', () => ops.argSort(1)(t(3)), 'AxisError', 'ops.argSort', 'an axis', '1'],
  ['the largest 4 of 3', () => ops.topK(4)(t(3)), 'ArgumentError', 'ops.topK', '[1, 3]', '4', 'k'],
  [
    'a padding of several values',
    () => ops.pad([1], [1], { value: t(2) })(t(3)),
    'ShapeError',
    'ops.pad',
    'a scalar []',
    '[2]',
    'value'
  ],
  [
    'kernels of three axes',
    () => ops.conv2d(t(2, 3, 3))(t(1, 2, 5, 5)),
    'ShapeError',
    'ops.conv2d',
    'weights [out, in, kh, kw]',
    '[2,3,3]'
  ],
  [
    'one image without a batch',
    () => ops.conv2d(t(2, 2, 3, 3))(t(2, 5, 5)),
    'ShapeError',
    'ops.conv2d',
    '[channels, height, width]',
    '[5,5]'
  ],
  [
    'kernels of other channels',
    () => ops.conv2d(t(2, 3, 3, 3))(t(1, 2, 5, 5)),
    'ShapeError',
    'ops.conv2d',
    'weights [out, 2, 3, 3]',
    '[2,3,3,3]'
  ],
  [
    'groups that do not divide the results',
    () => ops.conv2d(t(3, 2, 1, 1), { groups: 2 })(t(1, 4, 5, 5)),
    'ArgumentError',
    'ops.conv2d',
    'a divisor of 3',
    '2',
    'groups'
  ],
  [
    'groups that do not divide the channels',
    () => ops.conv2d(t(2, 2, 1, 1), { groups: 2 })(t(1, 3, 5, 5)),
    'ShapeError',
    'ops.conv2d',
    'a multiple of 2 channels',
    '[1,3,5,5]'
  ],
  [
    'a dilated kernel larger than the image',
    () => ops.conv2d(t(1, 1, 3, 3), { dilation: 3 })(t(1, 1, 6, 9)),
    'ShapeError',
    'ops.conv2d',
    'at least the window, [7,7]',
    '[1,1,6,9]'
  ],
  [
    'half a dilation',
    () => ops.conv2d(t(1, 1, 3, 3), { dilation: 0.5 })(t(1, 1, 6, 9)),
    'ArgumentError',
    'ops.conv2d',
    'a whole dilation',
    '0.5'
  ]
]

describe('a composed operation refuses', () => {
  it.each(refusals)('%s', (_, ...refusal) => expectRefusal(...refusal))
})
