import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Backend } from '../../../lib/engine/backend.js'
import { lower } from '../../../lib/engine/onnx/lower.js'
import { planOf } from '../../../lib/engine/plan.js'
import { apply, constant, type Tensor } from '../../../lib/graph/tensor.js'
import { contract } from '../../../lib/graph/contract.js'
import type { BinaryName } from '../../../lib/graph/primitives/pointwise.js'
import { array, expectAgreement, input, openBackend } from './support.js'

const [x, y, c, row] = [input([3, 4], 'x'), input([4, 5], 'y'), input([3, 5], 'c'), input([5], 'row')]
const square = input([5, 5], 'square')
const inputs = [x, y, c, row, square]

const matmul = contract(
  [x, y],
  [
    [0, 1],
    [1, 2]
  ],
  [0, 2],
  [3, 4, 5]
)
const bias = contract([row], [[1]], [0, 1], [3, 5])
const times = (factor: Tensor, a: Tensor): Tensor => contract([factor, a], [[], [0, 1]], [0, 1], a.shape)
const halved = times(constant(0.5), matmul)
const pointwise =
  (fn: BinaryName) =>
  (a: Tensor, b: Tensor): Tensor =>
    apply({ tag: 'pointwise', fn }, [a, b])
const [add, sub] = [pointwise('add'), pointwise('sub')]

const cases: readonly { name: string; outputs: readonly Tensor[]; ops: readonly string[] }[] = [
  { name: 'a bias', outputs: [add(matmul, bias)], ops: ['Gemm'] },
  { name: 'a bias first', outputs: [add(bias, matmul)], ops: ['Gemm'] },
  { name: 'a step of gradient descent', outputs: [sub(c, halved)], ops: ['Gemm'] },
  { name: 'a factor', outputs: [halved], ops: ['Gemm'] },
  {
    name: 'another product',
    outputs: [
      add(
        matmul,
        contract(
          [c, square],
          [
            [0, 1],
            [1, 2]
          ],
          [0, 2],
          [3, 5, 5]
        )
      )
    ],
    ops: ['Gemm', 'Gemm']
  },
  { name: 'no difference the other way round', outputs: [sub(matmul, c)], ops: ['Gemm', 'Sub'] },
  {
    name: 'no product that is read twice',
    outputs: [add(matmul, c), apply({ tag: 'pointwise', fn: 'exp' }, [matmul])],
    ops: ['Gemm', 'Add', 'Exp']
  },
  { name: 'no product that is an output', outputs: [add(matmul, c), matmul], ops: ['Gemm', 'Add'] },
  { name: 'nothing of a product plus itself', outputs: [add(matmul, matmul)], ops: ['Gemm', 'Add'] }
]

describe('Gemm draws in', () => {
  let backend: Backend
  beforeAll(async () => {
    backend = await openBackend('native')
  })
  afterAll(() => backend.dispose())

  it.each(cases)('$name', async ({ outputs, ops }) => {
    expect(lower(planOf({ inputs, outputs })).nodes.map(({ op }) => op)).toEqual(ops)
    const values = inputs.map(({ shape }, k) =>
      array(
        shape,
        Array.from({ length: shape.reduce((size, n) => size * n, 1) }, (_, i) => ((i * 7 + k) % 5) - 2)
      )
    )
    await expectAgreement(backend, inputs, outputs, values)
  })
})
