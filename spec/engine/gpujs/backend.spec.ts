import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as ndarray from '../../../lib/core/ndarray.js'
import { key, normals } from '../../../lib/core/key.js'
import type { Backend } from '../../../lib/engine/engine.js'
import * as ops from '../../../lib/graph/ops/index.js'
import { spec } from '../../../lib/graph/spec.js'
import type { Tensor } from '../../../lib/graph/tensor.js'
import { grad } from '../../../lib/diff/index.js'
import { disagreement, graphOf, modes, open } from './support.js'

const draw = (seed: number, shape: readonly number[]) =>
  ndarray.of(
    shape,
    normals(
      key(seed),
      shape.reduce((a, b) => a * b, 1)
    )
  )

describe.each(modes)('gpujs:%s', (mode) => {
  let backend: Backend
  beforeAll(async () => {
    backend = await open(mode)
  })
  afterAll(() => backend.dispose())

  const agrees = async (f: (...args: Tensor[]) => unknown, ...shapes: readonly (readonly number[])[]) => {
    const graph = graphOf(
      f,
      shapes.map((shape) => spec(shape))
    )
    const inputs = shapes.map((shape, i) => draw(i + 1, shape))
    expect(await disagreement(backend, graph, inputs)).toBeLessThan(2e-5)
  }

  it('adds', () => agrees((a, b) => ops.add(b!)(a!), [3, 5], [3, 5]))
  it('multiplies matrices', () => agrees((a, b) => ops.matmul(b!)(a!), [33, 31], [31, 5]))
  it('differentiates', () =>
    agrees((a, b) => grad((x: Tensor) => ops.sum()(ops.tanh(ops.matmul(b!)(x))))(a!), [4, 5], [5, 3]))
  it('reshapes and permutes', () =>
    agrees((a) => ops.reshape([6, 4])(ops.transpose([2, 0, 1])(a!)), [2, 3, 4]))
})
