import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import type { ErrorTag } from '../../lib/core/error.js'
import { key } from '../../lib/core/key.js'
import { fromNested } from '../../lib/core/ndarray.js'
import * as diff from '../../lib/diff/index.js'
import { evaluate } from '../../lib/graph/evaluate.js'
import { ops } from '../../lib/graph/ops/index.js'
import type { Key } from '../../lib/graph/key.js'
import type { Tensor } from '../../lib/graph/tensor.js'

const { grad, jvp, vjp, vmap } = diff

const vector = fromNested([1, 2, 3])

describe('a derivative refuses', () => {
  const left = (f: (x: Tensor) => unknown): unknown => {
    const result = evaluate(f)(vector)
    return E.isLeft(result) ? result.left : 'a value'
  }
  const refusals: [string, (x: Tensor) => unknown, ErrorTag, string, string, string][] = [
    [
      'a function that is not scalar',
      (x) => grad((y: Tensor) => y)(x),
      'DiffError',
      'grad',
      'one scalar result',
      'shape [3]'
    ],
    [
      'a tangent of another shape',
      (x) => jvp(ops.tanh)(x, ops.ones([2])),
      'ShapeError',
      'jvp',
      'shape [3]',
      '[2]'
    ],
    [
      'a cotangent of another shape',
      (x) => vjp(ops.tanh)(x)[1](ops.ones([])),
      'ShapeError',
      'vjp',
      'shape [3]',
      '[]'
    ],
    [
      'a tangent tree of another size',
      (x) => jvp((y: readonly Tensor[]) => y[0]!)([x], [x, x]),
      'TreeError',
      'jvp',
      '1 tensors',
      '2'
    ],
    [
      'to map axes of two sizes',
      (x) => vmap((a: Tensor, b: Tensor) => ops.add(b)(a))(x, ops.ones([2])),
      'ShapeError',
      'vmap',
      'one size',
      '3 and 2'
    ],
    [
      'to map nothing',
      (x) => vmap((a: Tensor) => a, { axes: [null] })(x),
      'ShapeError',
      'vmap',
      'one size',
      'no mapped tensor'
    ],
    [
      'to map an axis that is not there',
      (x) => vmap((a: Tensor) => a, { axes: [1] })(x),
      'AxisError',
      'vmap',
      '[-1, 1)',
      '1'
    ],
    ['to map a scalar', (x) => vmap((a: Tensor) => a)(ops.sum()(x)), 'AxisError', 'vmap', 'an axis', '0'],
    [
      'to map a key',
      (x) => vmap((a: Tensor, _: Key) => a)(x, key(1)),
      'DiffError',
      'vmap',
      'null for keys',
      'a key'
    ]
  ]
  it.each(refusals)('%s', (_, f, tag, operation, expected, received) => {
    expect(left(f)).toMatchObject({ _tag: tag, operation })
    expect(left(f)).toHaveProperty('expected', expect.stringContaining(expected))
    expect(left(f)).toHaveProperty('received', expect.stringContaining(received))
  })
  it('a tensor that leaked out of vmap', () => {
    let leaked: Tensor | undefined
    const f = (x: Tensor) => {
      vmap((row: Tensor) => (leaked = row))(x)
      return ops.add(leaked!)(ops.sum()(x))
    }
    expect(left(f)).toMatchObject({ _tag: 'TraceError', operation: 'trace' })
  })
})
