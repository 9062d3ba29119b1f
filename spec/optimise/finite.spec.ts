import { describe, expect, it } from 'vitest'
import { grad, ops, type Tensor } from 'tangentflow'
import type { TensorOf } from '../../lib/graph/op.js'
import { topological } from '../../lib/graph/graph.js'
import { apply, constant, isOp } from '../../lib/graph/tensor.js'
import { isAlwaysFinite, isFiniteForFinite } from '../../lib/optimise/finite.js'
import { simplify } from '../../lib/optimise/rewrites.js'
import { markDiverging } from '../../lib/optimise/loops.js'

const x = apply({ tag: 'input', name: 'x', shape: [3] }, [])
const diverging = apply({ tag: 'input', name: 'd', shape: [3], mayDiverge: true }, [])
const scanned = ops.scan((y: Tensor) => [ops.exp(y), y] as const, 2)(x)[1]

const square = apply({ tag: 'input', name: 's', shape: [3, 3] }, [])
const simplified = (node: Tensor): Tensor => simplify({ inputs: [x, square], outputs: [node] }).outputs[0]!
/** The largest of each row, in every place of the row, and in every place of the column. */
const peaks = simplified(ops.broadcastTo([3, 3])(ops.reduceMax(1, { keepDims: true })(square)))
const turned = simplified(ops.broadcastTo([3, 3])(ops.reduceMax(1)(square)))
const pooled = (f: (of: Tensor) => Tensor): Tensor =>
  simplified(grad((of: Tensor) => ops.dot(x)(f(of)))(square))

describe('what is finite for finite inputs', () => {
  const cases: readonly (readonly [string, Tensor, boolean])[] = [
    ['an input', x, true],
    ['an input that may diverge', diverging, false],
    ['a sum with one that may', ops.add(diverging)(x), false],
    ['a comparison of what may diverge', ops.less(diverging)(x), true],
    ['what a loop gives', scanned, false],
    ['a product', ops.mul(x)(x), true],
    ['a logarithm', ops.log(x), false],
    ['a quotient', ops.div(x)(x), false],
    ['a quotient by what is at least 1', ops.div(ops.max(constant(1))(x))(x), true],
    ['a quotient by what is at least 0', ops.div(ops.max(constant(0))(x))(x), false],
    ['a softmax', simplified(ops.softmax()(x)), true],
    ['a quotient by a sum of exponentials', ops.div(ops.sum()(ops.exp(x)))(x), false],
    ['the derivative of a maximum', pooled(ops.reduceMax(1)), true],
    ['that of maxima laid along other axes', ops.div(ops.sum(0)(ops.equal(turned)(square)))(x), false],
    ['a quotient by a count along another axis', ops.div(ops.sum(0)(ops.equal(peaks)(square)))(x), false],
    ['a quotient by a count along its axis', ops.div(ops.sum(1)(ops.equal(peaks)(square)))(x), true],
    ['a power of what is at least 1', ops.pow(x)(ops.max(constant(1))(x)), false],
    ['a finite number', constant(3), true],
    ['infinity', constant(Infinity), false]
  ]

  it.each(cases)('%s: %#', (_, node, expected) => expect(isFiniteForFinite(node)).toBe(expected))

  it('is not what is finite for all inputs', () => {
    expect(isAlwaysFinite(x)).toBe(false)
    expect(isAlwaysFinite(ops.less(x)(x))).toBe(true)
  })
})

describe('a loop that knows what diverges', () => {
  it('marks what is given such a value and what becomes one, and never the number of the step', () => {
    const [y, z] = ops.scan(
      (carry: readonly [Tensor, Tensor], s: Tensor, i: Tensor) =>
        [
          [ops.log(ops.add(carry[0])(s)), ops.mul(i)(carry[1])],
          [carry[0], carry[1]]
        ] as const,
      2
    )([ops.sum()(x), ops.sum()(x)], x.shape[0] === 3 ? ops.slice([0], [2])(x) : x)
    const node = topological([...y, ...z]).find((each): each is TensorOf<'scan'> => isOp(each, 'scan'))!
    const marks = (loop: TensorOf<'scan'>): readonly boolean[] =>
      loop.op.body.inputs.map((input) => isOp(input, 'input') && input.op.mayDiverge === true)
    // the step, the carry that is a logarithm, the other one, the sequence
    expect(marks(markDiverging(node))).toEqual([false, true, false, false])
  })
})
