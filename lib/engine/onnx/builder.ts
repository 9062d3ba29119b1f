import { full, type NdArray } from '../../core/ndarray.js'
import type { Shape } from '../../core/shape.js'
import type { OpOf } from '../../graph/op.js'
import type { Tensor } from '../../graph/tensor.js'
import type { DeviceTag } from '../plan.js'

/** The element types of our ONNX models. Values of a graph are floats; comparisons are bools until they are used. */
export type ElementType = 'float' | 'bool' | 'int64'

/**
 * For whom a model is written: any runtime, and shapes that may be made to follow a batch; ONNX Runtime at once; or what its WebGPU
 * provider computes by itself and rightly.
 */
export type OnnxTarget = 'portable' | 'runtime' | 'webgpu'

/** Type and shape of a value. */
interface ValueType {
  readonly dims: Shape
  readonly type: ElementType
}

/**
 * A value of the model. `dims` has the rank of the tensor it stands for; an axis of size 1 may stand for a repeated one,
 * since the consumers broadcast by themselves.
 */
export interface OnnxValue extends ValueType {
  readonly name: string
}

/** An attribute of an ONNX operator; whole numbers unless marked as real. */
export type Attribute = number | readonly number[] | { readonly real: number }

type Attributes = Readonly<Record<string, Attribute>>

export interface OnnxNode {
  readonly op: string
  readonly inputs: readonly OnnxValue[]
  readonly outputs: readonly OnnxValue[]
  readonly attributes: Attributes
  /** What a loop does in each step. */
  readonly body?: OnnxModel
}

/** A constant of the model. */
export type Initializer =
  | { readonly type: 'float'; readonly name: string; readonly array: NdArray }
  | { readonly type: 'int64'; readonly name: string; readonly values: readonly number[] }

/** A whole model, before it is written as bytes. */
export interface OnnxModel {
  readonly inputs: readonly OnnxValue[]
  readonly outputs: readonly OnnxValue[]
  readonly nodes: readonly OnnxNode[]
  readonly initializers: readonly Initializer[]
}

/** What the nodes of a model read of outside: all that is neither an input, nor a constant, nor a result of its own. */
const outsideOf = ({ inputs, nodes, initializers }: OnnxModel): readonly OnnxValue[] => {
  const own = new Set(
    [...inputs, ...initializers, ...nodes.flatMap((node) => node.outputs)].map(({ name }) => name)
  )
  return nodes.flatMap(readsOf).filter(({ name }) => !own.has(name))
}

/** All values that a node needs: its inputs, and what its body reads of outside. */
export const readsOf = ({ inputs, body }: OnnxNode): readonly OnnxValue[] =>
  body === undefined ? inputs : [...inputs, ...outsideOf(body)]

/**
 * Collects a model node by node. Equal operators on equal inputs are emitted once, so the lowering asks for a cast, an
 * expansion or a transpose wherever it needs one.
 */
export interface Builder {
  readonly target: OnnxTarget
  /** The result of an operator that has one. */
  readonly emit: (
    op: string,
    inputs: readonly OnnxValue[],
    dims: Shape,
    attributes?: Attributes,
    type?: ElementType
  ) => OnnxValue
  /** The results of an operator that has several. */
  readonly emitAll: (
    op: string,
    inputs: readonly OnnxValue[],
    results: readonly ValueType[],
    attributes?: Attributes,
    body?: OnnxModel
  ) => readonly OnnxValue[]
  /** The result of an operator without attributes on these inputs, if it was emitted. */
  readonly emitted: (op: string, inputs: readonly OnnxValue[]) => OnnxValue | undefined
  readonly floats: (array: NdArray) => OnnxValue
  /** One number in every place, written out. */
  readonly filled: (element: number, dims: Shape) => OnnxValue
  /**
   * One number, with axes of size 1.
   *
   * @defaultValue `rank` is 0
   */
  readonly number: (element: number, rank?: number) => OnnxValue
  readonly ints: (values: readonly number[]) => OnnxValue
  readonly input: (dims: Shape) => OnnxValue
  /** The node whose result a value is; undefined for inputs and constants. */
  readonly producer: (value: OnnxValue) => OnnxNode | undefined
  /** The number that all elements of a constant are equal to, if there is one. */
  readonly uniform: (value: OnnxValue) => number | undefined
  /** A builder of the body of a loop, whose names are none of this one's and whose nodes may read its values. */
  readonly inner: () => Builder
  readonly nodes: readonly OnnxNode[]
  readonly initializers: readonly Initializer[]
}

/** The value that a tensor was lowered to. */
export type ValueOf = (tensor: Tensor) => OnnxValue

/** Lowers one primitive to ONNX operators, given the values of its arguments. */
export type LowerOnnx<T extends DeviceTag> = (
  build: Builder,
  op: OpOf<T>,
  args: readonly OnnxValue[],
  node: Tensor
) => OnnxValue

/** The element that all elements are equal to; 0 and −0 differ. */
const uniformElement = ({ data }: NdArray): number | undefined => {
  const first = data[0]
  return first !== undefined && data.every((x) => Object.is(x, first)) ? first : undefined
}

/** Begins an empty model. */
export const makeBuilder = (target: OnnxTarget): Builder => {
  let count = 0
  return builderOf(target, () => `t${count++}`)
}

const builderOf = (target: OnnxTarget, nextName: () => string, outer?: Builder): Builder => {
  const nodes: OnnxNode[] = []
  const initializers: Initializer[] = []
  const producers = new Map<string, OnnxNode>()
  const known = new Map<string, readonly OnnxValue[]>()
  const constants = new Map<string, OnnxValue>()
  const uniforms = new Map<string, number>()
  const keyOf = (
    op: string,
    inputs: readonly OnnxValue[],
    attributes: Attributes,
    body?: OnnxModel
  ): string =>
    `${op} ${inputs.map(({ name }) => name).join(' ')} ${JSON.stringify(attributes)} ${body?.outputs[0]?.name ?? ''}`
  const fresh = ({ dims, type }: ValueType): OnnxValue => ({ name: nextName(), dims, type })
  /** A constant; with a key, there is one for each. */
  const constant = (
    key: string | undefined,
    type: ValueType,
    initializer: (name: string) => Initializer
  ): OnnxValue => {
    const before = key === undefined ? undefined : constants.get(key)
    if (before !== undefined) return before
    const value = fresh(type)
    initializers.push(initializer(value.name))
    if (key !== undefined) constants.set(key, value)
    return value
  }
  const floats = (array: NdArray, key?: string): OnnxValue =>
    constant(key, { dims: array.shape, type: 'float' }, (name) => ({ type: 'float', name, array }))
  const filled = (element: number, dims: Shape): OnnxValue =>
    floats(full(dims, element), `float ${dims.join()} ${Object.is(element, -0) ? '-0' : element}`)
  const number = (element: number, rank = 0): OnnxValue => {
    const value = filled(element, new Array<number>(rank).fill(1))
    uniforms.set(value.name, element)
    return value
  }
  const emitAll: Builder['emitAll'] = (op, inputs, results, attributes = {}, body) => {
    const key = keyOf(op, inputs, attributes, body)
    const before = known.get(key)
    if (before !== undefined) return before
    const outputs = results.map(fresh)
    const node: OnnxNode = { op, inputs, outputs, attributes, ...(body && { body }) }
    nodes.push(node)
    for (const { name } of outputs) producers.set(name, node)
    known.set(key, outputs)
    return outputs
  }

  const builder: Builder = {
    target,
    emit: (op, inputs, dims, attributes, type = 'float') =>
      emitAll(op, inputs, [{ dims, type }], attributes)[0]!,
    emitAll,
    emitted: (op, inputs) => known.get(keyOf(op, inputs, {}))?.[0],
    floats: (array) => {
      const element = uniformElement(array)
      return element === undefined ? floats(array) : number(element, array.shape.length)
    },
    filled,
    number,
    ints: (values) =>
      constant(`int64 ${values.join(',')}`, { dims: [values.length], type: 'int64' }, (name) => ({
        type: 'int64',
        name,
        values
      })),
    input: (dims) => fresh({ dims, type: 'float' }),
    producer: ({ name }) => producers.get(name),
    uniform: (value) => uniforms.get(value.name) ?? outer?.uniform(value),
    inner: () => builderOf(target, nextName, builder),
    nodes,
    initializers
  }
  return builder
}
