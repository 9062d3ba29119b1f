import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { empiricalNtk } from '../../lib/ntk/index.js'
import { dense, type Params, relu, serial } from '../../lib/nn/index.js'
import { key } from '../../lib/core/key.js'
import * as ops from '../../lib/graph/ops/index.js'
import { spec } from '../../lib/graph/spec.js'
import type { Tensor } from '../../lib/graph/tensor.js'
import { explain } from '../../lib/optimise/explain.js'

const explained = <Args extends readonly unknown[], Out>(...args: Parameters<typeof explain<Args, Out>>) => {
  const result = explain(...args)
  if (E.isLeft(result)) throw new Error(result.left.expected)
  return result.right
}

describe('explain', () => {
  it('counts a matrix product by hand', () => {
    const { work } = explained((a: Tensor, b: Tensor) => ops.matmul(b)(a), [spec([3, 4]), spec([4, 5])])
    expect(work).toEqual({ flops: 2 * 3 * 4 * 5, bytes: 4 * (12 + 20 + 15) })
  })

  it('counts nothing for what is only seen through', () => {
    const { work } = explained((a: Tensor) => ops.reshape([6])(ops.transpose()(a)), [spec([2, 3])])
    expect(work).toEqual({ flops: 0, bytes: 0 })
  })

  it('shows both graphs', () => {
    const { text } = explained((a: Tensor) => ops.add(0)(a), [spec([2])])
    expect(text).toMatch(/^traced:\n(.|\n)*add(.|\n)*optimised, 0\.00 MFLOP(.|\n)*return %0$/)
  })

  it('is a Left where tracing is', () => {
    expect(E.isLeft(explain((a: Tensor) => ops.sum(3)(a), [spec([2])]))).toBe(true)
  })

  it('finds the Gram matrices in the kernel of LeNet-300-100', () => {
    const net = serial(dense(300), relu, dense(100), relu, dense(10))
    const images = spec([64, 784])
    const { work } = explained(
      (p: Params, x1: Tensor, x2: Tensor) => empiricalNtk(net.apply)(p, x1, x2),
      [net.init(key(0), [784]), images, images]
    )
    // the Jacobian product would take 218 GFLOP
    expect(work.flops).toBeLessThan(0.6e9)
  })
})
