import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, it } from 'vitest'
import type { Shape } from '../../../lib/core/shape.js'
import type { Backend } from '../../../lib/engine/backend.js'
import { contract } from '../../../lib/graph/contract.js'
import type { Op } from '../../../lib/graph/op.js'
import type { BinaryName, UnaryName } from '../../../lib/graph/primitives/pointwise.js'
import { apply, type Tensor } from '../../../lib/graph/tensor.js'
import { runs } from '../../support/runs.js'
import {
  array,
  arraysOf,
  element,
  expectAgreement,
  input,
  kinds,
  openBackend,
  primitive,
  shapeOf
} from './support.js'

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

/** A tensor repeated along the axes that are not among those it has. */
const along = (x: Tensor, axes: readonly number[], shape: Shape): Tensor =>
  contract(
    [x],
    [axes],
    shape.map((_, axis) => axis),
    shape
  )

const names = <T extends string>(table: Readonly<Record<T, unknown>>): T[] => Object.keys(table) as T[]

describe.each(kinds)('onnx:%s, each primitive as on the reference', (kind) => {
  let backend: Backend
  beforeAll(async () => {
    backend = await openBackend(kind)
  })
  afterAll(() => backend.dispose())

  const agrees = async (op: Op, shapes: readonly Shape[], elements = element): Promise<void> => {
    const { inputs, output } = primitive(op, shapes)
    await fc.assert(
      fc.asyncProperty(arraysOf(shapes, elements), (values) =>
        expectAgreement(backend, inputs, [output], values)
      ),
      { numRuns: 1 }
    )
  }

  /** Random attributes, few runs each: a session is opened for every graph. */
  const holds = <T>(cases: fc.Arbitrary<T>, check: (of: T) => Promise<void>): Promise<void> =>
    fc.assert(fc.asyncProperty(cases, check), { numRuns: runs(20) })

  it.each(names(unary))('%s', async (fn) =>
    holds(shapeOf(), (shape) => agrees({ tag: 'pointwise', fn }, [shape], unary[fn]))
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
        await fc.assert(
          fc.asyncProperty(arraysOf(shapes, binary[fn]), (values) =>
            expectAgreement(backend, inputs, [output], values)
          ),
          { numRuns: 1 }
        )
      }
    )
  )

  it('select, of comparisons and of any number', async () => {
    await holds(shapeOf(), (shape) => agrees({ tag: 'pointwise', fn: 'select' }, [shape, shape, shape]))
    const [a, b] = [input([2, 3]), input([2, 3])]
    const less = apply({ tag: 'pointwise', fn: 'less' }, [a, b])
    await holds(arraysOf([a.shape, b.shape]), (values) =>
      expectAgreement(
        backend,
        [a, b],
        [apply({ tag: 'pointwise', fn: 'select' }, [less, b, a]), less],
        values
      )
    )
  })

  it('a comparison is a number to everything but select', async () => {
    const [a, b] = [input([2, 3]), input([2, 3])]
    const less = apply({ tag: 'pointwise', fn: 'less' }, [a, b])
    const uses: readonly Tensor[] = [
      apply({ tag: 'pointwise', fn: 'add' }, [less, a]),
      apply({ tag: 'pointwise', fn: 'equal' }, [less, less]),
      apply({ tag: 'reshape', shape: [6] }, [less]),
      apply({ tag: 'slice', start: [0, 1], limit: [2, 3], stride: [1, 1] }, [less]),
      apply({ tag: 'pad', low: [0, 1], high: [1, 0], interior: [1, 0] }, [less]),
      apply({ tag: 'concat', axis: 0 }, [less, less]),
      apply({ tag: 'concat', axis: 0 }, [less, a]),
      apply({ tag: 'reduceMax', axes: [1] }, [less]),
      apply({ tag: 'topKMask', k: 2 }, [less]),
      apply({ tag: 'unfold', kernel: [1, 2], stride: [1, 1] }, [less]),
      apply({ tag: 'contract', operands: [[0, 1]], output: [1, 0], sizes: [2, 3] }, [less]),
      apply({ tag: 'contract', operands: [[0, 1]], output: [0], sizes: [2, 3] }, [less]),
      apply(
        {
          tag: 'contract',
          operands: [
            [0, 1],
            [0, 1]
          ],
          output: [0, 1],
          sizes: [2, 3]
        },
        [less, a]
      ),
      apply(
        {
          tag: 'contract',
          operands: [
            [0, 1],
            [2, 1]
          ],
          output: [0, 2],
          sizes: [2, 3, 2]
        },
        [less, a]
      )
    ]
    await holds(arraysOf([a.shape, b.shape]), (values) => expectAgreement(backend, [a, b], uses, values))
  })

  it('a repeated tensor is as good as any', async () => {
    const [a, b] = [input([3]), input([])]
    const wide = along(a, [1], [2, 3])
    const fill = along(b, [], [2, 3])
    const uses = [wide, fill].flatMap((x): Tensor[] => [
      x,
      apply({ tag: 'reshape', shape: [3, 2] }, [x]),
      apply({ tag: 'slice', start: [0, 1], limit: [2, 3], stride: [1, 2] }, [x]),
      apply({ tag: 'pad', low: [0, 1], high: [1, 0], interior: [1, 0] }, [x]),
      apply({ tag: 'concat', axis: 1 }, [x, wide]),
      apply({ tag: 'reduceMax', axes: [0] }, [x]),
      apply({ tag: 'reduceMax', axes: [0, 1] }, [x]),
      apply({ tag: 'topKMask', k: 2 }, [x]),
      apply({ tag: 'unfold', kernel: [2, 2], stride: [1, 1] }, [x]),
      apply({ tag: 'contract', operands: [[0, 1]], output: [1, 0], sizes: [2, 3] }, [x]),
      apply({ tag: 'contract', operands: [[0, 1]], output: [0], sizes: [2, 3] }, [x]),
      apply({ tag: 'contract', operands: [[0, 1]], output: [], sizes: [2, 3] }, [x]),
      apply(
        {
          tag: 'contract',
          operands: [
            [0, 1],
            [2, 1]
          ],
          output: [0, 2],
          sizes: [2, 3, 2]
        },
        [x, wide]
      ),
      apply(
        {
          tag: 'contract',
          operands: [
            [0, 1],
            [0, 1]
          ],
          output: [0],
          sizes: [2, 3]
        },
        [x, wide]
      )
    ])
    await holds(arraysOf([a.shape, b.shape]), (values) => expectAgreement(backend, [a, b], uses, values))
  })

  it('reshape', async () =>
    holds(
      fc.constantFrom<readonly [Shape, Shape]>(
        [[], [1, 1]],
        [[1], []],
        [
          [2, 6],
          [3, 4]
        ],
        [[2, 6], [12]],
        [
          [2, 1, 3],
          [2, 3]
        ]
      ),
      ([from, to]) => agrees({ tag: 'reshape', shape: to }, [from])
    ))

  it('slice', async () =>
    holds(
      shapeOf().chain((shape) =>
        fc.tuple(
          fc.constant(shape),
          fc.tuple(
            ...shape.map((n) =>
              fc
                .tuple(
                  fc.integer({ min: 0, max: n - 1 }),
                  fc.integer({ min: 1, max: n }),
                  fc.integer({ min: 1, max: 3 })
                )
                .map(([i, j, step]) => [i, Math.max(i + 1, j), step] as const)
            )
          )
        )
      ),
      ([shape, cuts]) =>
        agrees(
          {
            tag: 'slice',
            start: cuts.map(([i]) => i),
            limit: cuts.map(([, j]) => j),
            stride: cuts.map(([, , step]) => step)
          },
          [shape]
        )
    ))

  it('pad, around and between', async () => {
    const amount = fc.integer({ min: 0, max: 2 })
    await holds(
      shapeOf().chain((shape) => {
        const amounts = fc.tuple(...shape.map(() => amount))
        return fc.tuple(fc.constant(shape), amounts, amounts, amounts)
      }),
      ([shape, low, high, interior]) => agrees({ tag: 'pad', low, high, interior }, [shape])
    )
  })

  it('concat', async () =>
    holds(
      shapeOf(1).chain((shape) =>
        fc.tuple(
          fc.constant(shape),
          fc.nat(shape.length - 1),
          fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 })
        )
      ),
      ([shape, axis, sizes]) =>
        agrees(
          { tag: 'concat', axis },
          sizes.map((n) => shape.with(axis, n))
        )
    ))

  it('reduceMax', async () =>
    holds(
      shapeOf().chain((shape) => fc.tuple(fc.constant(shape), fc.subarray(shape.map((_, axis) => axis)))),
      ([shape, axes]) => agrees({ tag: 'reduceMax', axes }, [shape])
    ))

  const windows = fc
    .record({
      batch: shapeOf(0, 2),
      kernel: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
      stride: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
      extra: fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 4 }))
    })
    .map(({ batch, kernel, stride, extra }) => {
      const size = [kernel[0] + extra[0], kernel[1] + extra[1]] as const
      const count = (axis: 0 | 1): number => Math.floor(extra[axis] / stride[axis]) + 1
      return {
        kernel,
        stride,
        size,
        image: [...batch, ...size],
        folded: [...batch, ...kernel, count(0), count(1)]
      }
    })

  it('unfold', async () =>
    holds(windows, ({ kernel, stride, image }) => agrees({ tag: 'unfold', kernel, stride }, [image])))

  it('fold', async () =>
    holds(windows, ({ kernel, stride, size, folded }) =>
      agrees({ tag: 'fold', kernel, stride, size }, [folded])
    ))

  it('topKMask: exactly k, ties to the smaller index', async () =>
    holds(
      shapeOf(1).chain((shape) => {
        const last = shape.length - 1
        return fc.tuple(fc.constant(shape.with(last, 9)), fc.integer({ min: 1, max: 9 }))
      }),
      ([shape, k]) => agrees({ tag: 'topKMask', k }, [shape], fc.constantFrom(-1, 0, 0.5, 2))
    ))

  it('topKMask is exact under ties in long rows too', async () => {
    const n = 5000
    const x = input([2, n])
    const values = [
      array(
        [2, n],
        Array.from({ length: 2 * n }, (_, i) => (i * 7919) % 5)
      )
    ]
    for (const k of [1, 40, 1000, 2500, 4990, n])
      await expectAgreement(backend, [x], [apply({ tag: 'topKMask', k }, [x])], values)
  })

  it('iota, constants, and outputs that are inputs', async () => {
    const x = input([2, 3])
    const same = apply({ tag: 'constant', value: array([2, 3], [4, 4, 4, 4, 4, 4]) }, [])
    const varied = apply({ tag: 'constant', value: array([2, 3], [1, 2, 3, 4, 5, 6]) }, [])
    const outputs = [
      x,
      apply({ tag: 'iota', shape: [2, 3], axis: 0 }, []),
      apply({ tag: 'iota', shape: [2, 3], axis: 1 }, []),
      same,
      varied,
      apply({ tag: 'pointwise', fn: 'add' }, [same, varied]),
      x,
      apply({ tag: 'constant', value: array([], [-0.5]) }, [])
    ]
    await expectAgreement(backend, [x, input([5])], outputs, [
      array([2, 3], [1, 2, 3, 4, 5, 6]),
      array([5], [0, 0, 0, 0, 0])
    ])
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
      await expectAgreement(backend, [x, y], outputs, [array([4], values), array([4], turned)])
    }
  })
})
