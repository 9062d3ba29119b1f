import onnxProto from 'onnx-proto'
import type { onnx } from 'onnx-proto'
import type { Attribute, ElementType, Initializer, Model, OnnxNode, Value } from './builder.js'

/** Of ONNX 1.12, which ONNX Runtime reads since 1.12 and whose format onnx-proto 8 writes. */
const OPSET = 17
const IR_VERSION = 8

/** Numbers of `onnx.TensorProto.DataType`. */
const elementTypes: { readonly [T in ElementType]: number } = { float: 1, int64: 7, bool: 9 }

const { AttributeType } = onnxProto.onnx.AttributeProto

const attributeProto = (name: string, attribute: Attribute): onnx.IAttributeProto => {
  if (typeof attribute === 'number') return { name, type: AttributeType.INT, i: attribute }
  return 'real' in attribute
    ? { name, type: AttributeType.FLOAT, f: attribute.real }
    : { name, type: AttributeType.INTS, ints: [...attribute] }
}

const nodeProto = ({ op, inputs, outputs, attributes }: OnnxNode): onnx.INodeProto => ({
  opType: op,
  name: outputs[0]!.name,
  input: inputs.map(({ name }) => name),
  output: outputs.map(({ name }) => name),
  attribute: Object.entries(attributes).map(([name, attribute]) => attributeProto(name, attribute))
})

/** Raw little-endian elements: the encoder copies them in one piece. */
const bytesOf = (initializer: Initializer): Uint8Array => {
  const elements =
    initializer.type === 'int64'
      ? BigInt64Array.from(initializer.values, BigInt)
      : initializer.array.data instanceof Float32Array
        ? initializer.array.data
        : Float32Array.from(initializer.array.data)
  return new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength)
}

const initializerProto = (initializer: Initializer): onnx.ITensorProto => ({
  name: initializer.name,
  dataType: elementTypes[initializer.type],
  dims: [...(initializer.type === 'int64' ? initializer.dims : initializer.array.shape)],
  rawData: bytesOf(initializer)
})

const valueProto = ({ name, dims, type }: Value): onnx.IValueInfoProto => ({
  name,
  type: {
    tensorType: {
      elemType: elementTypes[type],
      shape: { dim: dims.map((dimValue) => ({ dimValue })) }
    }
  }
})

/** A value once, however often the list has it. */
const distinct = (values: readonly Value[]): Value[] => [
  ...new Map(values.map((value) => [value.name, value])).values()
]

/** The bytes of an ONNX file. */
export const serialise = ({ inputs, outputs, nodes, initializers }: Model): Uint8Array =>
  onnxProto.onnx.ModelProto.encode({
    irVersion: IR_VERSION,
    producerName: 'tangentflow',
    opsetImport: [{ domain: '', version: OPSET }],
    graph: {
      name: 'plan',
      input: inputs.map(valueProto),
      output: distinct(outputs).map(valueProto),
      node: nodes.map(nodeProto),
      initializer: initializers.map(initializerProto)
    }
  }).finish()
