import { divides, type Index, keyOf, ravel } from '../../../kernels/coordinate.js'
import type { Kernel, KernelBackend } from '../../../kernels/kernel.js'
import { type Layout, layouts } from '../../../kernels/layout.js'
import { pointwise } from '../../../kernels/pointwise.js'
import { reduce } from '../../../kernels/reduce.js'
import type { Value } from '../../../kernels/value.js'
import type { Tensor } from '../../graph/tensor.js'
import type { Lowered } from './lower.js'
import type { Schedule } from './schedule.js'

/** What the writing of a kernel needs to know of the plan around it. */
export interface Surroundings {
  readonly backend: KernelBackend
  readonly schedule: Schedule
  readonly lowered: ReadonlyMap<Tensor, Lowered>
  /** The number by which kernels name a stored node's buffer. */
  readonly buffer: (node: Tensor) => number
}

type ReadNode = (node: Tensor, at: readonly Index[]) => Value

/** Reads nodes as values: stored ones from their buffers, others by what they compute, each place once. */
const reader = ({ schedule, lowered, buffer }: Surroundings, root: Tensor): ReadNode => {
  const reduction = schedule.reductions.get(root)
  const known = new Map<Tensor, Map<string, Value>>()
  const result: Value = { kind: 'result' }
  const compute: ReadNode = (node, at) => {
    if (node === reduction) return result
    if (node !== root && schedule.stored.has(node))
      return { kind: 'load', array: buffer(node), at: ravel(at, node.shape) }
    const rule = lowered.get(node)!
    return rule.kind === 'inline' ? rule.value(at, (k, place) => read(node.inputs[k]!, place)) : result
  }
  const read: ReadNode = (node, at) => {
    const places = known.get(node) ?? new Map<string, Value>()
    known.set(node, places)
    const key = at.map(keyOf).join(',')
    const memo = places.get(key)
    if (memo !== undefined) return memo
    const value = compute(node, at)
    places.set(key, value)
    return value
  }
  return read
}

/** Whether any index in a value needs a division. */
const dividesIn = (value: Value, seen = new Set<Value>()): boolean => {
  if (seen.has(value)) return false
  seen.add(value)
  switch (value.kind) {
    case 'literal':
    case 'result':
      return false
    case 'load':
    case 'position':
      return divides(value.at)
    case 'apply':
      return value.args.some((arg) => dividesIn(arg, seen))
    case 'within':
      return divides(value.at) || dividesIn(value.inside, seen) || dividesIn(value.outside, seen)
  }
}

const write = (
  around: Surroundings,
  root: Tensor,
  { output, coordinates }: Layout,
  strict: boolean
): Kernel | undefined => {
  const { backend, schedule, lowered } = around
  const read = reader(around, root)
  const inner = schedule.reductions.get(root) ?? root
  const rule = lowered.get(inner)!
  const epilogue = read(root, coordinates)
  if (rule.kind !== 'reduce') {
    if (strict && dividesIn(epilogue)) return undefined
    return pointwise({ output, value: epilogue }, backend)
  }
  const body = (at: readonly Index[]): Value =>
    rule.body(coordinates, at, (k, place) => read(inner.inputs[k]!, place))
  if (strict && (coordinates.some(divides) || dividesIn(epilogue))) return undefined
  return reduce({ output, combine: rule.combine, loops: rule.loops, body, epilogue }, backend)
}

/** The kernel that computes a stored node, in the first layout that needs no division, or else the last. */
export const kernelOf = (around: Surroundings, root: Tensor): Kernel => {
  const tries = layouts(root.shape, around.backend)
  for (const layout of tries.slice(0, -1)) {
    const kernel = write(around, root, layout, true)
    if (kernel !== undefined) return kernel
  }
  return write(around, root, tries.at(-1)!, false)!
}
