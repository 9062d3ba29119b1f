import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluateOn, grad, key, ndarray, type NdArray, nn, ops, type Tensor, tree } from 'tangentflow'
import { refusalOf } from '../support/refusal.js'
import { runs } from '../support/runs.js'

const array = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 }).chain((shape) =>
  fc
    .array(fc.integer({ min: -9, max: 9 }), {
      minLength: shape.reduce((a, b) => a * b, 1),
      maxLength: shape.reduce((a, b) => a * b, 1)
    })
    .map((data) => ndarray.of(shape, data))
)

type Nested = NdArray | readonly Nested[] | { readonly [field: string]: Nested }

const { trees } = fc.letrec<{ trees: Nested }>((tie) => ({
  trees: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    array,
    fc.array(tie('trees'), { minLength: 1, maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), tie('trees'), { minKeys: 1, maxKeys: 3 })
  )
}))

describe('tree.ravel', () => {
  it('goes to a vector and back, concrete and traced', () =>
    fc.assert(
      fc.property(trees, (given) => {
        const { vector, unravel } = tree.ravel(given as NdArray)
        const flat = vector
        const arrays = Object.values(tree.named({ given }))
        expect(flat.shape).toEqual([arrays.reduce((sum, { data }) => sum + data.length, 0)])
        expect([...flat.data]).toEqual(arrays.flatMap(({ data }) => [...data]))
        expect(unravel(flat)).toEqual(given)
        const traced = evaluateOn((t: Tensor) => {
          const inside = tree.ravel(t)
          return [inside.vector, inside.unravel(inside.vector), unravel(inside.vector)] as const
        })(given as NdArray)
        expect([...traced[0].data]).toEqual([...flat.data])
        const values = (one: unknown) =>
          Object.entries(tree.named({ one })).map(([name, a]) => [name, a.shape, [...a.data]])
        expect(values(traced[1])).toEqual(values(given))
        expect(values(traced[2])).toEqual(values(given))
      }),
      { numRuns: runs(100) }
    ))

  it('has the gradient of the tree, one leaf after another', () => {
    const net = nn.serial(nn.dense(3), nn.tanh, nn.dense(1))
    const params = net.init(key(0), [2])
    const x = ndarray.fromNested([
      [1, 2],
      [3, -1]
    ])
    const { vector, unravel } = tree.ravel(params)
    const loss = (p: nn.Params, at: Tensor): Tensor => ops.sum()(ops.square(net.apply(p)(at)))
    const ofTree = evaluateOn(grad(loss))(params, x)
    const ofVector = evaluateOn(grad((v: Tensor, at: Tensor) => loss(unravel(v), at)))(vector, x)
    expect(ofVector).toEqual(tree.ravel(ofTree).vector)
  })

  it('keeps float64 and shares no memory', () => {
    const wide = ndarray.of([2], new Float64Array([1 / 3, 2]))
    const { vector, unravel } = tree.ravel([wide, ndarray.scalar(1)])
    expect(vector.data).toEqual(new Float64Array([1 / 3, 2, 1]))
    const back = unravel(vector)
    vector.data[0] = 5
    expect([wide.data[0], back[0]!.data[0]]).toEqual([1 / 3, 1 / 3])
  })

  it('refuses a tree without an end', () => {
    const endless: Record<string, unknown> = { a: ndarray.scalar(1) }
    endless['self'] = endless
    expect(refusalOf(() => tree.ravel(endless)).operation).toBe('tree.ravel')
  })

  it.each([
    [() => tree.ravel({}), 'TreeError', 'a tree with a leaf'],
    [() => tree.ravel([ndarray.scalar(1), ops.ones([2])]), 'TreeError', 'tensors or arrays'],
    [
      () => tree.ravel([ndarray.scalar(1)]).unravel(ndarray.zeros([2])),
      'ShapeError',
      'a vector of shape [1]'
    ],
    [
      () => tree.ravel([ndarray.scalar(1)]).unravel(undefined as never),
      'ShapeError',
      'a vector of shape [1]'
    ],
    [() => tree.ravel({ a: 3 }), 'TreeError', 'arrays and plain records of leaves']
  ])('refuses %s', (call, tag, expected) => {
    expect(refusalOf(call)).toMatchObject({ _tag: tag, operation: 'tree.ravel', expected })
  })
})
