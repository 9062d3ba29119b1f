import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect } from 'vitest'
import { formatError, type TangentError } from '../../../lib/core/error.js'
import type { NdArray } from '../../../lib/core/ndarray.js'
import { type Shape, sizeOf } from '../../../lib/core/shape.js'
import type { Backend } from '../../../lib/engine/backend.js'
import { openOnnx } from '../../../lib/engine/onnx/open-onnx.js'
import { lower } from '../../../lib/engine/onnx/lower.js'
import { planOf } from '../../../lib/engine/plan.js'
import { contract } from '../../../lib/graph/contract.js'
import { evaluateGraph } from '../../../lib/graph/evaluate.js'
import type { Op } from '../../../lib/graph/op.js'
import type { Graph } from '../../../lib/graph/graph.js'
import { spec } from '../../../lib/graph/spec.js'
import { apply, type Tensor } from '../../../lib/graph/tensor.js'
import { trace } from '../../../lib/graph/trace.js'
import { optimise } from '../../../lib/optimise/index.js'
import { normalOf } from '../../support/images.js'
import { runs } from '../../support/runs.js'

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

/** Opens every kind for the tests of a suite, and disposes of them after it. */
export const useBackends = (): ((kind: (typeof kinds)[number]) => Backend) => {
  const backends = new Map<string, Backend>()
  beforeAll(async () => {
    for (const kind of kinds) backends.set(kind, await openBackend(kind))
  })
  afterAll(async () => {
    for (const backend of backends.values()) await backend.dispose()
  })
  return (kind) => backends.get(kind)!
}

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

export const shapeOf = (minimum = 0, maximum = 4): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: 1, max: 4 }), { minLength: minimum, maxLength: maximum })

/** Elements that float32 holds exactly, with ties and zeros among them. */
export const element: fc.Arbitrary<number> = fc.integer({ min: -12, max: 12 }).map((n) => n / 4)

const arrayOf = (shape: Shape, elements = element): fc.Arbitrary<NdArray> =>
  fc.array(elements, { minLength: sizeOf(shape), maxLength: sizeOf(shape) }).map((data) => array(shape, data))

/** Arrays of several shapes. */
export const arraysOf = (shapes: readonly Shape[], elements = element): fc.Arbitrary<NdArray[]> =>
  fc.tuple(...shapes.map((shape) => arrayOf(shape, elements)))

/** Random attributes, few runs each: a session is opened for every graph. */
export const holds = <T>(cases: fc.Arbitrary<T>, check: (of: T) => Promise<void>): Promise<void> =>
  fc.assert(fc.asyncProperty(cases, check), { numRuns: runs(20) })

/** Holds outputs to their float64 meaning at one random point. */
export const agreesOnce = (
  backend: Backend,
  inputs: readonly Tensor[],
  output: Tensor,
  elements = element
): Promise<void> =>
  fc.assert(
    fc.asyncProperty(
      arraysOf(
        inputs.map(({ shape }) => shape),
        elements
      ),
      (values) => expectAgreement(backend, inputs, [output], values)
    ),
    { numRuns: 1 }
  )

/** Holds one primitive to its float64 meaning at one random point. */
export const primitiveAgrees = (
  backend: Backend,
  op: Op,
  shapes: readonly Shape[],
  elements = element
): Promise<void> => {
  const inputs = shapes.map((shape, k) => input(shape, `x${k}`))
  return agreesOnce(backend, inputs, apply(op, inputs), elements)
}

/** A tensor repeated along the axes that are not among those it has. */
export const along = (x: Tensor, axes: readonly number[], shape: Shape): Tensor =>
  contract(
    [x],
    [axes],
    shape.map((_, axis) => axis),
    shape
  )

/** How often a graph has each ONNX operator once it is lowered. */
export const operatorsOf = (graph: Graph): Readonly<Record<string, number>> =>
  lower(planOf(optimise(graph))).nodes.reduce<Record<string, number>>(
    (all, { op }) => ({ ...all, [op]: (all[op] ?? 0) + 1 }),
    {}
  )

/** The optimised graph of a function, and its operators. */
export const traced = (
  f: (...args: Tensor[]) => Tensor | readonly Tensor[],
  shapes: readonly Shape[]
): Graph & { readonly operators: Readonly<Record<string, number>> } => {
  const { graph } = expectRight(
    trace(
      f,
      shapes.map((shape) => spec(shape))
    )
  )
  return { ...optimise(graph), operators: operatorsOf(graph) }
}

/** Holds a graph to its float64 meaning on normal values. */
export const graphAgrees = async (
  opened: ReturnType<typeof useBackends>,
  { inputs, outputs }: Graph,
  seed: number,
  on: readonly (typeof kinds)[number][] = kinds
): Promise<void> => {
  const values = inputs.map(({ shape }, k) => array(shape, [...normalOf(seed + k, shape).data]))
  for (const kind of on) await expectAgreement(opened(kind), inputs, outputs, values, 1e-4)
}
