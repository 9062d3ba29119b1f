import type { NdArray } from '../../core/ndarray.js'
import type { Shape } from '../../core/shape.js'

/** The element types of an ONNX model of ours. Values of a graph are floats; comparisons are bools until they are used. */
export type ElementType = 'float' | 'bool' | 'int64'

/**
 * A value of the model. `dims` has the rank of the tensor it stands for; an axis of size 1 may stand for a repeated one,
 * since the consumers broadcast by themselves.
 */
export interface Value {
  readonly name: string
  readonly dims: Shape
  readonly type: ElementType
}

/** An attribute of an ONNX operator; whole numbers unless marked as real. */
export type Attribute = number | readonly number[] | { readonly real: number }

export type Attributes = Readonly<Record<string, Attribute>>

export interface OnnxNode {
  readonly op: string
  readonly inputs: readonly Value[]
  readonly outputs: readonly Value[]
  readonly attributes: Attributes
}

/** A constant of the model. */
export type Initializer =
  | { readonly type: 'float'; readonly name: string; readonly array: NdArray }
  | {
      readonly type: 'int64'
      readonly name: string
      readonly values: readonly number[]
      readonly dims: Shape
    }

/** A whole model, before it is written as bytes. */
export interface Model {
  readonly inputs: readonly Value[]
  readonly outputs: readonly Value[]
  readonly nodes: readonly OnnxNode[]
  readonly initializers: readonly Initializer[]
}

/** Type and shape of what an operator gives. */
export interface Result {
  readonly dims: Shape
  readonly type: ElementType
}

/**
 * Collects a model node by node. Equal operators on equal inputs are emitted once, so the lowering asks for a cast, an
 * expansion or a transpose wherever it needs one.
 */
export interface Builder {
  readonly emit: (
    op: string,
    inputs: readonly Value[],
    results: readonly [Result, ...Result[]],
    attributes?: Attributes
  ) => readonly [Value, ...Value[]]
  /** What an operator without attributes on these inputs gave, if it was emitted. */
  readonly emitted: (op: string, inputs: readonly Value[]) => Value | undefined
  readonly floats: (array: NdArray) => Value
  readonly ints: (values: readonly number[], dims?: Shape) => Value
  readonly input: (dims: Shape) => Value
  /** The node that gives a value; undefined for inputs and constants. */
  readonly producer: (value: Value) => OnnxNode | undefined
  /** The number a constant consists of, if all its elements are one. */
  readonly uniform: (value: Value) => number | undefined
  readonly nodes: () => readonly OnnxNode[]
  readonly initializers: () => readonly Initializer[]
}

/** The element that all elements are equal to; 0 and −0 differ. */
const uniformElement = ({ data }: NdArray): number | undefined => {
  const first = data[0]
  return first !== undefined && data.every((x) => Object.is(x, first)) ? first : undefined
}

export const makeBuilder = (): Builder => {
  const nodes: OnnxNode[] = []
  const initializers: Initializer[] = []
  const producers = new Map<string, OnnxNode>()
  const known = new Map<string, readonly [Value, ...Value[]]>()
  const constants = new Map<string, Value>()
  const uniforms = new Map<string, number>()
  let count = 0
  const nameOf = (op: string, inputs: readonly Value[], attributes: Attributes): string =>
    `${op} ${inputs.map(({ name }) => name).join(' ')} ${JSON.stringify(attributes)}`
  const fresh = ({ dims, type }: Result): Value => ({ name: `t${count++}`, dims, type })

  return {
    emit: (op, inputs, [first, ...rest], attributes = {}) => {
      const key = nameOf(op, inputs, attributes)
      const before = known.get(key)
      if (before !== undefined) return before
      const outputs: readonly [Value, ...Value[]] = [fresh(first), ...rest.map(fresh)]
      const node: OnnxNode = { op, inputs, outputs, attributes }
      nodes.push(node)
      for (const { name } of outputs) producers.set(name, node)
      known.set(key, outputs)
      return outputs
    },
    emitted: (op, inputs) => known.get(nameOf(op, inputs, {}))?.[0],
    floats: (array) => {
      const element = uniformElement(array)
      const dims = element === undefined ? array.shape : array.shape.map(() => 1)
      const key = `float ${dims.length} ${Object.is(element, -0) ? '-0' : element}`
      const before = element === undefined ? undefined : constants.get(key)
      if (before !== undefined) return before
      const value = fresh({ dims, type: 'float' })
      const data = element === undefined ? array.data : Float32Array.of(element)
      initializers.push({ type: 'float', name: value.name, array: { _tag: 'NdArray', shape: dims, data } })
      if (element !== undefined) {
        constants.set(key, value)
        uniforms.set(value.name, element)
      }
      return value
    },
    ints: (values, dims = [values.length]) => {
      const key = `int64 ${dims.join(',')}: ${values.join(',')}`
      const before = constants.get(key)
      if (before !== undefined) return before
      const value = fresh({ dims, type: 'int64' })
      initializers.push({ type: 'int64', name: value.name, values, dims })
      constants.set(key, value)
      return value
    },
    input: (dims) => fresh({ dims, type: 'float' }),
    producer: ({ name }) => producers.get(name),
    uniform: ({ name }) => uniforms.get(name),
    nodes: () => nodes,
    initializers: () => initializers
  }
}
