import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Backend } from '../../../lib/engine/backend.js'
import { lower } from '../../../lib/engine/onnx/lower.js'
import { planOf } from '../../../lib/engine/plan.js'
import { contract } from '../../../lib/graph/contract.js'
import { runs } from '../../support/runs.js'
import { arraysOf, expectAgreement, input, kinds, openBackend } from './support.js'

interface Case {
  readonly operands: readonly (readonly number[])[]
  readonly output: readonly number[]
  readonly sizes: readonly number[]
}

const shuffled = (indices: readonly number[]): fc.Arbitrary<number[]> =>
  fc.shuffledSubarray([...indices], { minLength: indices.length, maxLength: indices.length })

/** Every index gets a kind: where it occurs. The axes of operands and output stand in any order. */
const product = (
  kinds: readonly (readonly [boolean, boolean, boolean])[],
  maximum: number
): fc.Arbitrary<Case> =>
  fc.array(fc.constantFrom(...kinds), { maxLength: maximum }).chain((places) => {
    const having = (where: 0 | 1 | 2): number[] => places.flatMap((place, i) => (place[where] ? [i] : []))
    return fc
      .tuple(
        shuffled(having(0)),
        shuffled(having(1)),
        shuffled(having(2)),
        fc.tuple(...places.map(() => fc.integer({ min: 1, max: 3 })))
      )
      .map(([a, b, output, sizes]) => ({ operands: [a, b], output, sizes }))
  })

const batch = [true, true, true] as const
const left = [true, false, true] as const
const right = [false, true, true] as const
const summed = [true, true, false] as const

const matmuls = product([batch, left, right, summed], 6)
const products = product([batch, left, right], 5)

const single: fc.Arbitrary<Case> = fc
  .tuple(fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 5 }), fc.boolean())
  .chain(([sizes, isSum]) => {
    const all = sizes.map((_, i) => i)
    return isSum
      ? fc.subarray(all).map((output) => ({ operands: [all], output, sizes }))
      : fc
          .tuple(fc.subarray(all).chain(shuffled), shuffled(all))
          .map(([operand, output]) => ({ operands: [operand], output, sizes }))
  })

const matrices = [
  {
    name: 'NN',
    operands: [
      [0, 1],
      [1, 2]
    ],
    output: [0, 2]
  },
  {
    name: 'NT',
    operands: [
      [0, 1],
      [2, 1]
    ],
    output: [0, 2]
  },
  {
    name: 'TN',
    operands: [
      [1, 0],
      [1, 2]
    ],
    output: [0, 2]
  },
  {
    name: 'TT',
    operands: [
      [1, 0],
      [2, 1]
    ],
    output: [0, 2]
  }
].flatMap(({ name, operands, output }) => [
  { name, operands, output },
  { name: `${name}, transposed`, operands, output: [...output].reverse() }
])

const opsOf = ({ operands, output, sizes }: Case): string[] => {
  const inputs = operands.map((indices) => input(indices.map((i) => sizes[i]!)))
  const plan = planOf({ inputs, outputs: [contract(inputs, operands, output, sizes)] })
  return lower(plan).nodes.map(({ op }) => op)
}

describe('contractions as ONNX', () => {
  it.each(matrices)('a matrix product $name is one Gemm', ({ operands, output }) => {
    expect(opsOf({ operands, output, sizes: [3, 4, 5] })).toEqual(['Gemm'])
  })

  it.each([
    {
      name: 'groups of indices in one order',
      operands: [
        [0, 1, 2, 3],
        [2, 3, 4]
      ],
      output: [0, 1, 4],
      copies: 0
    },
    {
      name: 'groups of indices, transposed',
      operands: [
        [2, 3, 0, 1],
        [4, 2, 3]
      ],
      output: [4, 0, 1],
      copies: 0
    },
    {
      name: 'summed indices in two orders',
      operands: [
        [0, 2, 3],
        [3, 2, 4]
      ],
      output: [0, 4],
      copies: 1
    },
    {
      name: 'batched',
      operands: [
        [0, 1, 2],
        [0, 2, 3]
      ],
      output: [0, 1, 3],
      copies: 0
    },
    {
      name: 'batched in the middle',
      operands: [
        [1, 0, 2],
        [0, 2, 3]
      ],
      output: [0, 1, 3],
      copies: 1
    },
    {
      name: 'batched, result the other way round',
      operands: [
        [0, 1, 2],
        [0, 3, 2]
      ],
      output: [0, 3, 1],
      copies: 1
    }
  ])('$name: $copies transposes', ({ operands, output, copies }) => {
    const ops = opsOf({ operands, output, sizes: [2, 3, 4, 5, 6] })
    expect(ops.filter((op) => op === 'Transpose')).toHaveLength(copies)
    expect(ops.filter((op) => op === 'Gemm' || op === 'MatMul')).toHaveLength(1)
  })

  it('a broadcast operand of a product is not written out', () => {
    expect(opsOf({ operands: [[0, 1], [1]], output: [0, 1], sizes: [3, 4] })).toEqual(['Reshape', 'Mul'])
  })
})

describe.each(kinds)('onnx:%s, contractions as on the reference', (kind) => {
  let backend: Backend
  beforeAll(async () => {
    backend = await openBackend(kind)
  })
  afterAll(() => backend.dispose())

  const agrees = (cases: fc.Arbitrary<Case>, count: number): Promise<void> =>
    fc.assert(
      fc.asyncProperty(
        cases.chain((of) =>
          fc.tuple(fc.constant(of), arraysOf(of.operands.map((indices) => indices.map((i) => of.sizes[i]!))))
        ),
        async ([{ operands, output, sizes }, values]) => {
          const inputs = values.map(({ shape }, k) => input(shape, `x${k}`))
          await expectAgreement(backend, inputs, [contract(inputs, operands, output, sizes)], values)
        }
      ),
      { numRuns: runs(count) }
    )

  it.each(matrices)('matrix product $name', ({ operands, output }) =>
    agrees(
      fc
        .constantFrom([3, 4, 5], [1, 4, 5], [3, 1, 5], [3, 4, 1])
        .map((sizes) => ({ operands, output, sizes })),
      6
    )
  )

  it('matrix products with any number of batch, left, right and summed indices in any order', () =>
    agrees(matmuls, 120))

  it('products with repeated operands', () => agrees(products, 60))

  it('permutations, repetitions and sums', () => agrees(single, 60))
})
