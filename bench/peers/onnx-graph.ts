import onnxProto from 'onnx-proto'

// A few words in which graphs for ONNX Runtime are written by hand.

const { onnx } = onnxProto

type Attributes = { readonly [name: string]: number | readonly number[] }

const attribute = (name: string, value: number | readonly number[]) => {
  const { FLOAT, INT, INTS } = onnx.AttributeProto.AttributeType
  if (typeof value !== 'number') return { name, type: INTS, ints: [...value] }
  return name === 'alpha' || name === 'beta' ? { name, type: FLOAT, f: value } : { name, type: INT, i: value }
}

export const node = (
  opType: string,
  input: readonly string[],
  output: string | readonly string[],
  attributes: Attributes = {}
) => ({
  opType,
  input: [...input],
  output: typeof output === 'string' ? [output] : [...output],
  attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value))
})

export const tensor = (name: string, shape: readonly number[]) => ({
  name,
  type: {
    tensorType: {
      elemType: onnx.TensorProto.DataType.FLOAT,
      shape: { dim: shape.map((dimValue) => ({ dimValue })) }
    }
  }
})

export const scalar = (name: string, value: number, shape: readonly number[] = []) => ({
  name,
  dataType: onnx.TensorProto.DataType.FLOAT,
  dims: [...shape],
  floatData: [value]
})

/** A constant of any shape. */
export const floats = (name: string, values: readonly number[], shape: readonly number[]) => ({
  ...scalar(name, 0, shape),
  floatData: [...values]
})

export const integers = (name: string, values: readonly number[]) => ({
  name,
  dataType: onnx.TensorProto.DataType.INT64,
  dims: [values.length],
  int64Data: [...values]
})

/** A graph before it is written as bytes. */
export interface HandWritten {
  readonly name: string
  readonly input: readonly ReturnType<typeof tensor>[]
  readonly initializer: readonly (ReturnType<typeof scalar> | ReturnType<typeof integers>)[]
  readonly node: readonly ReturnType<typeof node>[]
  readonly output: readonly ReturnType<typeof tensor>[]
}

export const bytesOf = (graph: HandWritten): Uint8Array =>
  onnx.ModelProto.encode(
    onnx.ModelProto.fromObject({ irVersion: 8, opsetImport: [{ domain: '', version: 13 }], graph })
  ).finish()
