import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import {
  evaluateOn,
  exportOnnx,
  grad,
  key,
  type NdArray,
  ndarray,
  nn,
  ops,
  spec,
  type Tensor,
  vmap
} from 'tangentflow'
import { normalOf } from '../../support/images.js'
import { relativeError } from '../../support/networks.js'
import { expectLeft, expectRight } from './support.js'

/** The result of a file on ONNX Runtime's native CPU. */
const runFile = async (bytes: Uint8Array, feeds: Readonly<Record<string, NdArray>>): Promise<NdArray> => {
  const session = await InferenceSession.create(bytes, { executionProviders: ['cpu'] })
  const tensors = Object.entries(feeds).map(
    ([name, { shape, data }]) =>
      [name, new OrtTensor('float32', Float32Array.from(data), [...shape])] as const
  )
  expect([...session.inputNames].sort()).toEqual(Object.keys(feeds).sort())
  const { output } = await session.run(Object.fromEntries(tensors))
  await session.release()
  return ndarray.of([...output!.dims], output!.data as Float32Array)
}

const mlp = nn.serial(nn.dense(8), nn.tanh, nn.dense(3))
const cnn = nn.serial(
  nn.reshape([1, 8, 8]),
  nn.conv2d(4, 3, { padding: 'same' }),
  nn.groupNorm(2),
  nn.relu,
  nn.maxPool(2),
  nn.conv2d(3, 2),
  nn.avgPool(2, { stride: 1 }),
  nn.flatten,
  nn.dense(3)
)
const residual = nn.serial(nn.dense(6), nn.dropout(0.5), nn.layerNorm(), nn.dense(3))
const logits = (net: nn.Network) => (p: nn.Params, x: Tensor) => net.apply(p)(x)

/** Functions of parameters and a batch of 64 features. */
const functions: readonly (readonly [string, nn.Network, (p: nn.Params, x: Tensor) => Tensor])[] = [
  ['a network of dense layers', mlp, logits(mlp)],
  ['a convolutional network', cnn, logits(cnn)],
  ['LayerNorm, and dropout without a key', residual, logits(residual)],
  ['probabilities', mlp, (p, x) => ops.exp(ops.logSoftmax(-1)(mlp.apply(p)(x)))],
  ['classes', mlp, (p, x) => ops.argMax(-1)(mlp.apply(p)(x))],
  [
    'the last of the steps of a loop',
    mlp,
    (p, x) => {
      const step = (h: Tensor) => [ops.scale(2)(ops.tanh(h)), h] as const
      return ops.scan(step, 3)(mlp.apply(p)(x))[0]
    }
  ],
  [
    'the gradient of each example',
    mlp,
    (p, x) => vmap(grad((one: Tensor) => ops.sum()(ops.square(mlp.apply(p)(ops.reshape([1, 64])(one))))))(x)
  ]
]

describe('a file for batches of any size', () => {
  describe.each(functions)('of %s', (_, net, f) => {
    const params = net.init(key(0), [64])
    const file = expectRight(exportOnnx(f, [params, spec([16, 64])], { batchAxes: [null, 0] }))

    it.each([1, 7, 64])('has the numbers of the reference engine for %i examples', async (n) => {
      const x = normalOf(n, [n, 64])
      const found = await runFile(file.bytes, { 1: x })
      const expected = evaluateOn(f)(params, x)
      expect(found.shape).toEqual(expected.shape)
      expect(relativeError(found, expected)).toBeLessThan(1e-5)
    })
  })

  it('takes parameters as inputs where asked', async () => {
    const params = mlp.init(key(0), [64])
    const file = expectRight(
      exportOnnx(logits(mlp), [params, spec([1, 64])], { batchAxes: [null, 0], parameters: 'inputs' })
    )
    expect(file.inputs).toEqual(['0.0.b', '0.0.w', '0.2.b', '0.2.w', '1'])
    const others = mlp.init(key(1), [64])
    const x = normalOf(2, [5, 64])
    const [first, , last] = others
    const feeds = { '0.0.b': first!.b!, '0.0.w': first!.w!, '0.2.b': last!.b!, '0.2.w': last!.w!, 1: x }
    const found = await runFile(file.bytes, feeds)
    expect(relativeError(found, evaluateOn(logits(mlp))(others, x))).toBeLessThan(1e-5)
  })

  it('takes the batch along another axis', async () => {
    const turned = (x: Tensor): Tensor => ops.reshape([x.shape[1]!, 6])(ops.transpose([1, 0, 2])(x))
    const file = expectRight(exportOnnx(turned, [spec([2, 4, 3])], { batchAxes: [1] }))
    const x = normalOf(3, [2, 9, 3])
    expect(relativeError(await runFile(file.bytes, { 0: x }), evaluateOn(turned)(x))).toBeLessThan(1e-6)
  })

  it('refuses what is another program for another size, and axes that are not there', () => {
    const mean = (x: Tensor): Tensor => ops.sub(ops.mean(0, { keepDims: true })(x))(x)
    const unrolled = (x: Tensor): Tensor =>
      Array.from({ length: x.shape[0]! }, (_, i) => ops.sliceAxis(0, i, i + 1)(x)).reduce((a, b) =>
        ops.mul(b)(a)
      )
    for (const f of [mean, unrolled])
      expect(expectLeft(exportOnnx(f, [spec([4, 2])], { batchAxes: [0] }))).toMatchObject({
        _tag: 'ArgumentError',
        operation: 'exportOnnx',
        where: 'batchAxes'
      })
    const double = (x: Tensor): Tensor => ops.scale(2)(x)
    for (const batchAxes of [[2], [-1], [0.5], [null], [0, 0], []])
      expect(expectLeft(exportOnnx(double, [spec([4, 2])], { batchAxes }))).toMatchObject({
        _tag: 'ArgumentError',
        where: expect.stringContaining('batchAxes') as string
      })
  })
})

/** What Python's checker says of a file, or undefined where the package is not installed. */
const inPython = (bytes: Uint8Array, program: string): string | undefined => {
  const python = process.env.PYTHON ?? 'python3'
  try {
    execFileSync(python, ['-c', 'import onnx'], { stdio: 'ignore' })
  } catch {
    return undefined
  }
  const folder = mkdtempSync(join(tmpdir(), 'onnx-'))
  try {
    const path = join(folder, 'model.onnx')
    writeFileSync(path, bytes)
    return execFileSync(python, ['-c', program, path], { encoding: 'utf8' })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const check = `
import json, onnx, sys
model = onnx.load(sys.argv[1])
onnx.checker.check_model(model, full_check=True)
print(json.dumps({
  'producer': [model.producer_name, model.producer_version],
  'opset': model.opset_import[0].version,
  'doc': model.doc_string,
  'metadata': {each.key: each.value for each in model.metadata_props},
  'inputs': [[each.name, each.doc_string, [d.dim_param or d.dim_value for d in each.type.tensor_type.shape.dim]] for each in model.graph.input],
  'outputs': [[each.name, each.doc_string, [d.dim_param or d.dim_value for d in each.type.tensor_type.shape.dim]] for each in model.graph.output]
}))`

describe('the checker of the Python package onnx', () => {
  it('accepts a file, and reads what it says of itself', async (context) => {
    const { version } = (await import('../../../package.json', { with: { type: 'json' } })).default
    const params = cnn.init(key(0), [64])
    const file = expectRight(
      exportOnnx(logits(cnn), [params, spec([1, 64])], {
        batchAxes: [null, 0],
        description: 'digits',
        descriptions: { 1: 'pixels in [0, 1]', output: 'logits' },
        metadata: { licence: 'MIT', 'trained on': 'Ziffern – 8 × 8' }
      })
    )
    expect(file.opset).toBe(17)
    const said = inPython(file.bytes, check)
    context.skip(said === undefined, 'the Python package onnx is not installed')
    expect(JSON.parse(said!)).toEqual({
      producer: ['tangentflow', version],
      opset: 17,
      doc: 'digits',
      metadata: { licence: 'MIT', 'trained on': 'Ziffern – 8 × 8' },
      inputs: [['1', 'pixels in [0, 1]', ['batch', 64]]],
      outputs: [['output', 'logits', ['batch', 3]]]
    })
  })

  it('is not needed to refuse a description of an input that there is not', () => {
    const refused = exportOnnx((x: Tensor) => x, [spec([2])], { descriptions: { x: 'no such input' } })
    expect(expectLeft(refused)).toMatchObject({ _tag: 'ArgumentError', received: 'x', where: 'descriptions' })
  })
})
