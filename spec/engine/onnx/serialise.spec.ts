import * as fc from 'fast-check'
import onnxProto from 'onnx-proto'
import { describe, expect, it } from 'vitest'
import * as ndarray from '../../../lib/core/ndarray.js'
import type { OnnxModel, OnnxValue } from '../../../lib/engine/onnx/builder.js'
import { encode, float, int, text } from '../../../lib/engine/onnx/protobuf.js'
import { serialise } from '../../../lib/engine/onnx/serialise.js'

const { AttributeProto, ModelProto } = onnxProto.onnx
const value = (name: string, dims: readonly number[], type: OnnxValue['type'] = 'float'): OnnxValue => ({
  name,
  dims,
  type
})

// onnx-proto is generated from ONNX's own description of its files.

describe('fields', () => {
  it('of whole numbers, floats and text are what Protocol Buffers read', () => {
    fc.assert(
      fc.property(
        fc.maxSafeInteger(),
        fc.float({ noNaN: true }),
        fc.string({ unit: 'grapheme' }),
        (i, f, name) => {
          const read = AttributeProto.decode(encode(text(1, name), float(2, f), int(3, i)))
          expect([read.name, read.f, Number(read.i)]).toEqual([name, f, i])
        }
      )
    )
  })
})

describe('a model', () => {
  const [x, y, both] = [value('x', [200, 3]), value('y', [200, 3], 'bool'), value('ψ', [], 'int64')]
  const model: OnnxModel = {
    inputs: [x],
    outputs: [y, both],
    nodes: [
      { op: 'One', inputs: [x, x], outputs: [y], attributes: {} },
      {
        op: 'Two',
        inputs: [],
        outputs: [both, y],
        attributes: { axis: -1, perm: [1, 0, 300], alpha: { real: 0.5 }, none: [] }
      }
    ],
    initializers: [
      { type: 'float', name: 'w', array: ndarray.of([1, 2], Float64Array.of(0.5, -2)) },
      { type: 'int64', name: 'k', values: [-1, 2 ** 40] }
    ]
  }

  it('has in its file what it says', () => {
    const read = ModelProto.toObject(ModelProto.decode(serialise(model)), {
      longs: Number,
      enums: String,
      bytes: Array
    })
    const port = (name: string, elemType: number, ...dims: number[]) => ({
      name,
      type: {
        tensorType: {
          elemType,
          shape: dims.length === 0 ? {} : { dim: dims.map((dimValue) => ({ dimValue })) }
        }
      }
    })
    expect(read).toEqual({
      irVersion: 8,
      producerName: 'tangentflow',
      opsetImport: [{ domain: '', version: 17 }],
      graph: {
        name: 'plan',
        input: [port('x', 1, 200, 3)],
        output: [port('y', 9, 200, 3), port('ψ', 7)],
        node: [
          { opType: 'One', name: 'y', input: ['x', 'x'], output: ['y'] },
          {
            opType: 'Two',
            name: 'ψ',
            output: ['ψ', 'y'],
            attribute: [
              { name: 'axis', type: 'INT', i: -1 },
              { name: 'perm', type: 'INTS', ints: [1, 0, 300] },
              { name: 'alpha', type: 'FLOAT', f: 0.5 },
              { name: 'none', type: 'INTS' }
            ]
          }
        ],
        initializer: [
          { name: 'w', dataType: 1, dims: [1, 2], rawData: [0, 0, 0, 63, 0, 0, 0, 192] },
          {
            name: 'k',
            dataType: 7,
            dims: [2],
            rawData: [255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0, 0, 1, 0, 0]
          }
        ]
      }
    })
  })
})
