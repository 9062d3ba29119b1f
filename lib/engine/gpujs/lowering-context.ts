import { divides, type Index, keyOf } from '../../../kernels/coordinate.js'
import type { Kernel, KernelBackend } from '../../../kernels/kernel.js'
import type { Layout } from '../../../kernels/layout.js'
import type { Value } from '../../../kernels/value.js'
import type { Variants } from '../../../kernels/variants.js'
import type { Tensor } from '../../graph/tensor.js'
import type { Lowered } from './lower.js'
import type { Schedule } from './schedule.js'

/** An array on the device: the number by which kernels name it, and how its elements lie. */
export interface Buffer {
  readonly number: number
  readonly layout: Layout
}

/** What is known of a plan when the kernel of one of its nodes is staged. Pure data: staging changes none of it. */
export interface LoweringContext {
  readonly backend: KernelBackend
  readonly variants: Variants
  readonly schedule: Schedule
  readonly lowered: ReadonlyMap<Tensor, Lowered>
  /** The buffers of the stored nodes before this one. */
  readonly buffers: ReadonlyMap<Tensor, Buffer>
}

/** How a copy of a node lies in memory. */
export interface Arrangement {
  /** The node's axes, outermost first. */
  readonly order: readonly number[]
  /** Of every four neighbours along an axis the copy holds only one. */
  readonly every?: { readonly axis: number; readonly lane: number }
  /** An element holds four neighbours along this axis; zeros fill up the last. */
  readonly vec4?: number
}

/** An array that is filled before a kernel runs. */
export type Stage =
  /** A node in another arrangement; equal copies are made once. */
  | { readonly kind: 'copy'; readonly node: Tensor; readonly arrangement: Arrangement }
  /** What a kernel of its own computes, from the arrays of the stages before it by their numbers. */
  | { readonly kind: 'partial'; readonly write: (arrays: readonly number[]) => Kernel }

/** A kernel, and how its result lies in memory. */
export interface KernelLayout {
  readonly kernel: Kernel
  readonly layout: Layout
}

/** A kernel that is planned but not written: the numbers of the arrays that it reads are not known yet. */
export interface StagedKernel {
  readonly before: readonly Stage[]
  /** The kernel, from the numbers of the arrays of `before`. */
  readonly write: (arrays: readonly number[]) => KernelLayout
}

/** The buffer of a stored node. */
export const bufferOf = ({ buffers }: LoweringContext, node: Tensor): Buffer => buffers.get(node)!

/** The value of a node at given coordinates. */
export type ReadNode = (node: Tensor, at: readonly Index[]) => Value

/**
 * Reads nodes as values within the kernel of `root`: stored nodes from their buffers, others by what they compute, each
 * place once. Without a root, outside of any kernel.
 */
export const reader = (context: LoweringContext, root?: Tensor): ReadNode => {
  const { schedule, lowered } = context
  const reduction = root === undefined ? undefined : schedule.reductions.get(root)
  const known = new Map<Tensor, Map<string, Value>>()
  const result: Value = { kind: 'result' }
  const compute: ReadNode = (node, at) => {
    if (node === reduction) return result
    if (node !== root && schedule.stored.has(node)) {
      const { number, layout } = bufferOf(context, node)
      return { kind: 'load', array: number, at: layout.locate(at) }
    }
    const rule = lowered.get(node)!
    return rule.kind === 'inline' ? rule.value(at, (k, place) => read(node.inputs[k]!, place)) : result
  }
  const read: ReadNode = (node, at) => {
    const places = known.get(node) ?? new Map<string, Value>()
    known.set(node, places)
    const key = at.map(keyOf).join(',')
    const value = places.get(key) ?? compute(node, at)
    places.set(key, value)
    return value
  }
  return read
}

/** Whether any index in a value needs a division. */
export const dividesIn = (value: Value, seen = new Set<Value>()): boolean => {
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
