import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { empiricalNtk } from '../../lib/ntk/index.js'
import { dense, type Params, relu, serial } from '../../lib/nn/index.js'
import { key } from '../../lib/core/key.js'
import { fromNested } from '../../lib/core/ndarray.js'
import { evaluateGraph } from '../../lib/graph/evaluate.js'
import type { Key } from '../../lib/graph/key.js'
import { random } from '../../lib/graph/key.js'
import { ops } from '../../lib/graph/ops/index.js'
import { keySpec, spec } from '../../lib/graph/spec.js'
import type { Tensor } from '../../lib/graph/tensor.js'
import { explain } from '../../lib/engine/explain.js'
import { print } from '../../lib/graph/graph.js'
import { explained } from '../support/explained.js'

describe('explain', () => {
  it('counts a matrix product by hand', () => {
    const { cost } = explained((a: Tensor, b: Tensor) => ops.matmul(b)(a), [spec([3, 4]), spec([4, 5])])
    expect(cost).toEqual({ flops: 2 * 3 * 4 * 5, bytes: 4 * (12 + 20 + 15) })
  })

  it('counts nothing for what is only seen through', () => {
    const { cost } = explained((a: Tensor) => ops.reshape([6])(ops.transpose()(a)), [spec([2, 3])])
    expect(cost).toEqual({ flops: 0, bytes: 0 })
  })

  it('shows both graphs', () => {
    const { text } = explained((a: Tensor) => ops.add(0)(a), [spec([2])])
    expect(text).toMatch(/^traced:\n(.|\n)*add(.|\n)*traced, optimised, 0\.00 MFLOP(.|\n)*return %0$/)
  })

  it('is a Left where tracing is', () => {
    expect(E.isLeft(explain((a: Tensor) => ops.sum(3)(a), [spec([2])]))).toBe(true)
  })

  it('finds the Gram matrices in the kernel of LeNet-300-100', () => {
    const net = serial(dense(300), relu, dense(100), relu, dense(10))
    const images = spec([64, 784])
    const { cost } = explained(
      (p: Params, x1: Tensor, x2: Tensor) => empiricalNtk(net.apply)(p, x1, x2),
      [net.init(key(0), [784]), images, images]
    )
    // the Jacobian product would take 218 GFLOP
    expect(cost.flops).toBeLessThan(0.6e9)
  })

  it('shows the derivative as a function of arguments and cotangents, keys held fixed', () => {
    const noisy = (x: Tensor, k: Key, scale: { readonly by: Tensor }): readonly Tensor[] => [
      ops.mul(scale.by)(ops.add(random.uniform([2])(k))(ops.square(x))),
      ops.sum()(x)
    ]
    const { derivative } = explained(noisy, [spec([2]), keySpec, { by: spec([2]) }], { derivative: true })
    const inputs = derivative!.traced.inputs.map(({ op }) => (op.tag === 'input' ? op.shape : op.tag))
    expect(inputs).toEqual([[2], 'keyInput', [2], [2], []])
    expect(derivative!.traced.outputs.map(({ shape }) => shape)).toEqual([[2], [2]])

    const square = explained((x: Tensor) => ops.square(x), [spec([3])], { derivative: true }).derivative!
    const [x, cotangent] = [fromNested([1, 2, 3]), fromNested([1, 10, 100])]
    for (const graph of [square.traced, square.optimised])
      expect(Array.from(evaluateGraph(graph, [x, cotangent])[0]!.data)).toEqual([2, 40, 600])
  })

  it('says of each loop which engines write its steps out, and why', () => {
    const inner = (y: Tensor) => [ops.scale(2)(y), []] as const
    const outer = (y: Tensor) => [ops.tanh(ops.scan(inner, 3)(y)[0]), []] as const
    const { loops, traced, text, derivative } = explained(
      (x: Tensor) => ops.scan(outer, 4)(ops.exp(x))[0],
      [spec([2])],
      { derivative: true }
    )
    // the bodies: a loop, the slice of its vector and tanh; a constant and a product
    expect(loops.map(({ node, steps, bodyNodes }) => [node, steps, bodyNodes])).toEqual([
      ['%2', 4, 3],
      ['%2 %2', 3, 2]
    ])
    expect(print(traced)).toMatch(/^%2: .* = scan (.|\n)*^ {2}%2: .* = scan/m)
    for (const loop of loops)
      expect(loop.unrolled.map(({ engines }) => engines)).toEqual([
        'onnx on a CPU',
        'onnx elsewhere',
        'gpujs'
      ])
    expect(text).toContain('loops of traced:\n  %2: 4 steps of')
    expect(text).toMatch(
      /\n {4}run as a loop: reference\n {4}written out: onnx on a CPU, for fewer than 5 steps/
    )
    expect(text).toContain('loops of derivative:')
    expect(derivative!.loops.every(({ steps }) => steps === 4 || steps === 3)).toBe(true)
    const [long] = explained((x: Tensor) => ops.scan(inner, 5)(x)[0], [spec([2])]).loops
    expect(long!.unrolled.map(({ engines }) => engines)).toEqual(['onnx elsewhere', 'gpujs'])
  })

  it('names no loops where there are none', () => {
    const { loops, text } = explained((x: Tensor) => ops.exp(x), [spec([2])])
    expect(loops).toEqual([])
    expect(text).not.toContain('loop')
  })

  it('shows the kernels, calls and buffers of each backend', () => {
    const { text, programs } = explained(
      (a: Tensor, b: Tensor) => ops.relu(ops.matmul(b)(a)),
      [spec([3, 4]), spec([4, 5])],
      { backends: ['webasm', 'webgpu'] }
    )
    expect(programs.map(({ backend }) => backend)).toEqual(['webasm', 'webgpu'])
    for (const { calls, kernels } of programs) {
      expect(calls.length).toBeGreaterThan(0)
      for (const { source } of kernels) expect(text).toContain(source)
    }
    expect(text).toMatch(/gpujs:webgpu, \d+ kernels?, \d+ calls?.*at most:\n {2}0: buffer 0 = /)
    expect(text).toMatch(/input 0: 48 bytes, calls 0 to \d+\n/)
  })
})
