import * as fc from 'fast-check'
import { describe, it } from 'vitest'
import { ops } from 'tangentflow'
import type { BinaryName, UnaryName } from '../../../lib/graph/primitives/pointwise.js'
import { apply } from '../../../lib/graph/tensor.js'
import {
  agreesOnce,
  along,
  array,
  arraysOf,
  element,
  expectAgreement,
  graphAgrees,
  holds,
  input,
  kinds,
  primitiveAgrees,
  shapeOf,
  traced,
  useBackends
} from './support.js'

const opened = useBackends()

const positive = fc.integer({ min: 1, max: 12 }).map((n) => n / 4)

const unary: { readonly [F in UnaryName]: fc.Arbitrary<number> } = {
  neg: element,
  exp: element,
  log: positive,
  expm1: element,
  log1p: positive,
  sqrt: positive,
  tanh: element,
  sin: element,
  cos: element,
  erf: element,
  erfc: element,
  ndtr: element,
  sigmoid: element,
  softplus: element,
  relu: element,
  sign: element,
  abs: element,
  floor: element
}

const binary: { readonly [F in BinaryName]: fc.Arbitrary<number> } = {
  add: element,
  sub: element,
  div: positive,
  max: element,
  min: element,
  pow: positive,
  less: element,
  lessEqual: element,
  equal: element
}

const names = <T extends string>(table: Readonly<Record<T, unknown>>): T[] => Object.keys(table) as T[]

describe.each(kinds)('onnx:%s, each pointwise function as on the reference', (kind) => {
  it.each(names(unary))('%s', async (fn) =>
    holds(shapeOf(), (shape) => primitiveAgrees(opened(kind), { tag: 'pointwise', fn }, [shape], unary[fn]))
  )

  it.each(names(binary))('%s, with operands repeated along axes', async (fn) =>
    holds(
      shapeOf().chain((shape) => {
        const axes = fc.subarray(shape.map((_, axis) => axis))
        return fc.tuple(fc.constant(shape), axes, axes)
      }),
      async ([shape, ...axes]) => {
        const shapes = axes.map((kept) => kept.map((axis) => shape[axis]!))
        const inputs = shapes.map((each) => input(each))
        const output = apply(
          { tag: 'pointwise', fn },
          inputs.map((x, k) => along(x, axes[k]!, shape))
        )
        await agreesOnce(opened(kind), inputs, output, binary[fn])
      }
    )
  )

  it('select, of comparisons and of any number', async () => {
    await holds(shapeOf(), (shape) =>
      primitiveAgrees(opened(kind), { tag: 'pointwise', fn: 'select' }, [shape, shape, shape])
    )
    const [a, b] = [input([2, 3]), input([2, 3])]
    const less = apply({ tag: 'pointwise', fn: 'less' }, [a, b])
    await holds(arraysOf([a.shape, b.shape]), (values) =>
      expectAgreement(
        opened(kind),
        [a, b],
        [apply({ tag: 'pointwise', fn: 'select' }, [less, b, a]), less],
        values
      )
    )
  })

  it('not-a-number and infinities stay what they are', async () => {
    const values = [NaN, Infinity, -Infinity, 0]
    const [x, y] = [input([4]), input([4])]
    const zero = along(apply({ tag: 'constant', value: array([], [0]) }, []), [], [4])
    const outputs = (['add', 'max', 'min', 'less', 'equal'] as const).flatMap((fn) =>
      [y, zero].map((other) => apply({ tag: 'pointwise', fn }, [x, other]))
    )
    for (const shift of [0, 1, 2, 3]) {
      const turned = values.map((_, i) => values[(i + shift) % 4]!)
      await expectAgreement(opened(kind), [x, y], outputs, [array([4], values), array([4], turned)])
    }
  })
})

describe('the sign of what went through a ReLU', () => {
  it('is read after it, and any other comparison before it', async () => {
    const both = traced(
      (x) => [ops.relu(x!), ops.greater(0)(x!), ops.greater(-1)(x!), ops.less(0)(x!)],
      [[4, 5]]
    )
    await graphAgrees(opened, both, 1)
  })
})
