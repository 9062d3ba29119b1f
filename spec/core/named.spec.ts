import { describe, expect, it } from 'vitest'
import { key, ndarray, nn, tree } from 'tangentflow'
import { expectRefusal } from '../support/refusal.js'

const params = nn.serial(nn.dense(3), nn.relu, nn.dense(2)).init(key(0), [4])

describe('names of a tree', () => {
  it('are those that other frameworks use, and lead back to the tree', () => {
    const named = tree.named(params)
    expect(Object.keys(named)).toEqual(['0.b', '0.w', '2.b', '2.w'])
    expect(tree.fromNamed(params)(named)).toEqual(params)
    expect(Object.keys(tree.named({ net: { layers: params } }))[0]).toBe('net.layers.0.b')
  })

  it('refuse what is missing, foreign, of another shape, or named twice', () => {
    const { '0.w': w, ...rest } = tree.named(params)
    const read = tree.fromNamed(params)
    expectRefusal(() => read(rest), 'TreeError', 'tree.fromNamed', '[4,3]', 'none', '0.w')
    expectRefusal(
      () => read({ ...rest, '0.w': w!, x: w! }),
      'TreeError',
      'tree.fromNamed',
      'names',
      'another',
      'x'
    )
    expectRefusal(
      () => read({ ...rest, '0.w': ndarray.zeros([3, 4]) }),
      'TreeError',
      'tree.fromNamed',
      '[4,3]',
      '[3,4]',
      '0.w'
    )
    const both = { a: [ndarray.scalar(1)], 'a.0': ndarray.scalar(2) }
    expectRefusal(() => tree.named(both), 'TreeError', 'tree.named', 'another name', 'two', 'a.0')
  })
})
