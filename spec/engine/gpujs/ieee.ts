import { expect, it } from 'vitest'
import type { KernelBackend } from '../../../kernels/kernel.js'
import * as ndarray from '../../../lib/core/ndarray.js'
import type { Backend } from '../../../lib/engine/backend.js'
import { evaluateGraph } from '../../../lib/graph/evaluate.js'
import { ops } from '../../../lib/graph/ops/index.js'
import { spec } from '../../../lib/graph/spec.js'
import type { Tensor } from '../../../lib/graph/tensor.js'
import { graphOf, runOn } from './support.js'

const isGpu = (mode: KernelBackend): boolean => mode !== 'webasm' && mode !== 'cpu'

/** Whether numbers below 2⁻¹²⁶ are computed with, rather than taken to be 0. */
export const keepsDenormals = (mode: KernelBackend): boolean => !isGpu(mode)

const edges = [0, -0, 1, -1, 1e-40, -1e-40, 1e-30, -1e-30, 1e30, -1e30, Infinity, -Infinity, NaN]

const functions: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  neg: ops.neg,
  double: (x) => ops.add(x)(x),
  square: ops.square,
  'difference with itself': (x) => ops.sub(x)(x),
  reciprocal: (x) => ops.div(x)(ops.fill(1, x.shape)),
  exp: ops.exp,
  log: ops.log,
  sqrt: ops.sqrt,
  tanh: ops.tanh,
  sin: ops.sin,
  cos: ops.cos,
  erf: ops.erf,
  sign: ops.sign,
  abs: ops.abs,
  floor: ops.floor,
  relu: ops.relu,
  cube: ops.pow(3),
  'square root as a power': ops.pow(0.5),
  equal: (x) => ops.equal(ops.fill(1, x.shape))(x),
  less: (x) => ops.less(ops.fill(0, x.shape))(x),
  max: (x) => ops.max(ops.fill(0.5, x.shape))(x),
  'largest of one': (x) => ops.reduceMax(0)(ops.reshape([1, edges.length])(x)),
  'sum of one': (x) => ops.sum(0)(ops.reshape([1, edges.length])(x)),
  infinity: (x) => ops.fill(Infinity, x.shape),
  'minus infinity': (x) => ops.fill(-Infinity, x.shape),
  'not a number': (x) => ops.fill(NaN, x.shape)
}

const isDenormal = (x: number): boolean => x !== 0 && Math.abs(x) < 2 ** -126

/** Beyond this no digit of the fraction of a turn is left in float32's pieces of π. */
const TURNS = 8192

/** Where a GPU may give something else than the reference, and what it must still be. */
const granted = (
  mode: KernelBackend,
  name: string,
  x: number,
  got: number,
  want: number,
  atZero: number
): boolean => {
  if (Number.isNaN(x)) return true
  if (isDenormal(x) || isDenormal(want)) return close(got, atZero) || Math.abs(got) < 2 ** -126
  if (name === 'sin' || name === 'cos')
    return Math.abs(x) > TURNS && (Number.isNaN(want) || Math.abs(got) <= 1)
  // a compiler of GLSL takes x - x for 0
  return name === 'difference with itself' && mode !== 'webgpu' && got === 0
}

const close = (got: number, want: number): boolean =>
  Object.is(got, want) || got === want || Math.abs(got - want) <= 1e-5 * Math.abs(want)

/**
 * What a backend keeps of IEEE 754 (docs/backends.md): the host's all of it but the sign of a zero that is summed; GPUs have no denormals,
 * make no promise about NaN that goes in, and give no digits of sines far out.
 */
export const keepsEdges = (mode: KernelBackend, backend: () => Backend): void => {
  it.each(Object.entries(functions))('computes %s at the edges of float32', async (name, f) => {
    const graph = graphOf((x: Tensor) => f(x), [spec([edges.length])])
    const inputs = [ndarray.of([edges.length], Float32Array.from(edges))]
    const [got] = await runOn(backend(), graph, inputs)
    const want = [...evaluateGraph(graph, inputs)[0]!.data].map(Math.fround)
    const wrong = edges.flatMap((x, i) => {
      const [a, b] = [got!.data[i]!, want[i]!]
      return close(a, b) || (isGpu(mode) && granted(mode, name, x, a, b, want[0]!))
        ? []
        : [`${x}: ${a} instead of ${b}`]
    })
    expect(wrong).toEqual([])
  })
}
