import { float32 } from '../backend.js'
import type { Attribute, ElementType, Initializer, OnnxModel, OnnxNode, OnnxValue } from './builder.js'
import { bytes, each, encode, type Field, float, int, message, text } from './protobuf.js'

/** Of ONNX 1.12, which ONNX Runtime reads since 1.12. */
export const OPSET = 17
const IR_VERSION = 8

/** Numbers of `onnx.TensorProto.DataType`. */
const elementTypes: { readonly [T in ElementType]: number } = { float: 1, int64: 7, bool: 9 }

/** Numbers of `onnx.AttributeProto.AttributeType`. */
const attributeTypes = { float: 1, int: 2, graph: 5, ints: 7 } as const

/** The numbers of fields, message by message, as onnx.proto3 has them. */
const fields = {
  model: {
    irVersion: 1,
    producerName: 2,
    producerVersion: 3,
    docString: 6,
    graph: 7,
    opsetImport: 8,
    metadata: 14
  },
  property: { key: 1, value: 2 },
  opset: { domain: 1, version: 2 },
  graph: { node: 1, name: 2, initializer: 5, input: 11, output: 12 },
  node: { input: 1, output: 2, name: 3, opType: 4, attribute: 5 },
  attribute: { name: 1, f: 2, i: 3, g: 6, ints: 8, type: 20 },
  tensor: { dims: 1, dataType: 2, name: 8, rawData: 9 },
  value: { name: 1, type: 2, docString: 3 },
  type: { tensor: 1 },
  tensorType: { elementType: 1, shape: 2 },
  shape: { dim: 1 },
  dim: { value: 1, parameter: 2 }
} as const

/** What a file says of an input or output beside its type. */
export interface OnnxPort {
  /** The sizes of its axes where they are not those of the value: the name of a size, or undefined where it has none. */
  readonly dims: readonly (number | string | undefined)[]
  readonly description?: string | undefined
}

/** What a file says beside its graph. */
export interface OnnxNotes {
  readonly version?: string
  readonly description?: string | undefined
  readonly metadata?: Readonly<Record<string, string>> | undefined
  readonly ports?: ReadonlyMap<string, OnnxPort>
}

const optionalText = (number: number, value: string | undefined): Field =>
  each(value === undefined ? [] : [value], (one) => text(number, one))

const attributeField = (name: string, attribute: Attribute): Field => {
  const { attribute: of, node } = fields
  const [type, value] =
    typeof attribute === 'number'
      ? [attributeTypes.int, int(of.i, attribute)]
      : 'real' in attribute
        ? [attributeTypes.float, float(of.f, attribute.real)]
        : [attributeTypes.ints, each(attribute, (x) => int(of.ints, x))]
  return message(node.attribute, text(of.name, name), value, int(of.type, type))
}

/** The body of a loop as its attribute. */
const bodyField = (body: OnnxModel): Field => {
  const { attribute: of, node } = fields
  return message(
    node.attribute,
    text(of.name, 'body'),
    graphField(of.g, 'body', body),
    int(of.type, attributeTypes.graph)
  )
}

const nodeField = ({ op, inputs, outputs, attributes, body }: OnnxNode): Field => {
  const { node: of, graph } = fields
  return message(
    graph.node,
    each(inputs, ({ name }) => text(of.input, name)),
    each(outputs, ({ name }) => text(of.output, name)),
    text(of.name, outputs[0]!.name),
    text(of.opType, op),
    each(Object.entries(attributes), ([name, attribute]) => attributeField(name, attribute)),
    each(body === undefined ? [] : [body], bodyField)
  )
}

/** Raw little-endian elements. */
const bytesOf = (initializer: Initializer): Uint8Array => {
  const elements =
    initializer.type === 'int64' ? BigInt64Array.from(initializer.values, BigInt) : float32(initializer.array)
  return new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength)
}

const initializerField = (initializer: Initializer): Field => {
  const { tensor: of, graph } = fields
  const dims = initializer.type === 'int64' ? [initializer.values.length] : initializer.array.shape
  return message(
    graph.initializer,
    each(dims, (n) => int(of.dims, n)),
    int(of.dataType, elementTypes[initializer.type]),
    text(of.name, initializer.name),
    bytes(of.rawData, bytesOf(initializer))
  )
}

const valueField =
  (number: number, ports: OnnxNotes['ports']) =>
  ({ name, dims: own, type }: OnnxValue): Field => {
    const { value, type: typeOf, tensorType, shape, dim } = fields
    const { dims, description }: OnnxPort = ports?.get(name) ?? { dims: own }
    const sizes = each(dims, (n) =>
      typeof n === 'number'
        ? message(shape.dim, int(dim.value, n))
        : message(shape.dim, optionalText(dim.parameter, n))
    )
    const tensor = message(
      typeOf.tensor,
      int(tensorType.elementType, elementTypes[type]),
      message(tensorType.shape, sizes)
    )
    return message(
      number,
      text(value.name, name),
      message(value.type, tensor),
      optionalText(value.docString, description)
    )
  }

/** A graph as a field of a message. */
const graphField = (
  number: number,
  name: string,
  { inputs, outputs, nodes, initializers }: OnnxModel,
  ports?: OnnxNotes['ports']
): Field => {
  const { graph } = fields
  return message(
    number,
    each(nodes, nodeField),
    text(graph.name, name),
    each(initializers, initializerField),
    each(inputs, valueField(graph.input, ports)),
    each(outputs, valueField(graph.output, ports))
  )
}

/** The bytes of an ONNX file. */
export const serialise = (
  model: OnnxModel,
  { version, description, metadata = {}, ports }: OnnxNotes = {}
): Uint8Array => {
  const { model: of, opset, property } = fields
  return encode(
    int(of.irVersion, IR_VERSION),
    text(of.producerName, 'tangentflow'),
    optionalText(of.producerVersion, version),
    optionalText(of.docString, description),
    graphField(of.graph, 'plan', model, ports),
    message(of.opsetImport, text(opset.domain, ''), int(opset.version, OPSET)),
    each(Object.entries(metadata), ([key, value]) =>
      message(of.metadata, text(property.key, key), text(property.value, value))
    )
  )
}
