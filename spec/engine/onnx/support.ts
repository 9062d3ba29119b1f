import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import { expect } from 'vitest'
import { formatError, type TangentError } from '../../../lib/core/error.js'
import type { NdArray } from '../../../lib/core/ndarray.js'
import { type Shape, sizeOf } from '../../../lib/core/shape.js'
import type { Backend } from '../../../lib/engine/backend.js'
import { openOnnx } from '../../../lib/engine/onnx/open-onnx.js'
import { planOf } from '../../../lib/engine/plan.js'
import { evaluateGraph } from '../../../lib/graph/evaluate.js'
import type { Op } from '../../../lib/graph/op.js'
import { apply, type Tensor } from '../../../lib/graph/tensor.js'

export const kinds = ['native', 'wasm'] as const

export const expectRight = <A>(either: E.Either<TangentError, A>): A => {
  if (E.isLeft(either)) throw new Error(formatError(either.left))
  return either.right
}

export const expectLeft = <A>(either: E.Either<TangentError, A>): TangentError => {
  if (E.isRight(either)) throw new Error('expected a Left')
  return either.left
}

export const openBackend = async (kind: 'native' | 'wasm'): Promise<Backend> =>
  expectRight(await openOnnx(kind)({ threads: 1 })())

export const input = (shape: Shape, name = 'x'): Tensor => apply({ tag: 'input', name, shape }, [])

export const array = (shape: Shape, data: readonly number[]): NdArray => ({
  _tag: 'NdArray',
  shape,
  data: Float32Array.from(data)
})

/** Runs a graph on a backend. */
export const runOn = async (
  backend: Backend,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  values: readonly NdArray[]
): Promise<readonly NdArray[]> => {
  const plan = planOf({ inputs, outputs })
  const executable = expectRight(await backend.load(plan)())
  const results = expectRight(await executable.run(plan.feed(values))())
  await executable.dispose()
  return results
}

/** Holds a graph on a backend to its float64 meaning. */
export const expectAgreement = async (
  backend: Backend,
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  values: readonly NdArray[],
  tolerance = 1e-5
): Promise<void> => {
  const actual = await runOn(backend, inputs, outputs, values)
  const expected = evaluateGraph({ inputs, outputs }, values)
  expect(actual.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape))
  actual.forEach(({ data }, k) => {
    expect(data).toBeInstanceOf(Float32Array)
    expected[k]!.data.forEach((value, i) => {
      const bound = tolerance * Math.max(1, Math.abs(value))
      if (!(Object.is(data[i], value) || Math.abs(data[i]! - value) <= bound))
        throw new Error(`output ${k}, element ${i}: expected ${value}, received ${data[i]}`)
    })
  })
}

/** One primitive on fresh inputs. */
export const primitive = (op: Op, shapes: readonly Shape[]): { inputs: Tensor[]; output: Tensor } => {
  const inputs = shapes.map((shape, k) => input(shape, `x${k}`))
  return { inputs, output: apply(op, inputs) }
}

export const shapeOf = (minimum = 0, maximum = 4): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: 1, max: 4 }), { minLength: minimum, maxLength: maximum })

/** Elements that float32 holds exactly, with ties and zeros among them. */
export const element: fc.Arbitrary<number> = fc.integer({ min: -12, max: 12 }).map((n) => n / 4)

const arrayOf = (shape: Shape, elements = element): fc.Arbitrary<NdArray> =>
  fc.array(elements, { minLength: sizeOf(shape), maxLength: sizeOf(shape) }).map((data) => array(shape, data))

/** Arrays of several shapes. */
export const arraysOf = (shapes: readonly Shape[], elements = element): fc.Arbitrary<NdArray[]> =>
  fc.tuple(...shapes.map((shape) => arrayOf(shape, elements)))
