import { describe, expect, it } from 'vitest'

const layers = (await import(new URL('../../.config/layers.js', import.meta.url).href)) as {
  complaint: (file: string, specifier: string) => string | undefined
}

const cases: [verdict: 'allowed' | 'forbidden', file: string, specifier: string][] = [
  ['allowed', 'lib/graph/ops.ts', '../core/shape.js'],
  ['allowed', 'lib/graph/ops.ts', './graph.js'],
  ['forbidden', 'lib/core/shape.ts', '../graph/graph.js'],
  ['forbidden', 'lib/diff/grad.ts', '../optimise/path.js'],
  ['forbidden', 'lib/optimise/path.ts', '../engine/plan.js'],
  ['allowed', 'lib/engine/onnx/lower.ts', '../plan.js'],
  ['forbidden', 'lib/engine/onnx/lower.ts', '../gpujs/lower.js'],
  ['allowed', 'lib/engine/gpujs/lower.ts', '../../../kernels/matmul.js'],
  ['forbidden', 'lib/engine/reference/index.ts', '../../../kernels/matmul.js'],
  ['forbidden', 'kernels/matmul.ts', '../lib/core/shape.js'],
  ['forbidden', 'lib/nn/dense.ts', '../engine/open-engine.js'],
  ['forbidden', 'lib/ntk/empirical/empirical-ntk.ts', '../../attack/pgd.js'],
  ['allowed', 'lib/train/fit.ts', '../mask/search.js'],
  ['forbidden', 'lib/mask/search.ts', '../train/fit.js'],
  ['forbidden', 'lib/report/markup.ts', '../graph/graph.js'],
  ['allowed', 'lib/report/experiment-html.ts', '../experiment/experiment-record.js'],
  ['forbidden', 'lib/experiment/run.ts', '../io/index.js'],
  ['forbidden', 'lib/experiment/run.ts', 'node:fs'],
  ['forbidden', 'lib/train/fit.ts', '../experiment/run.js'],
  ['allowed', 'lib/io/onnx.ts', '../data/idx.js'],
  ['allowed', 'lib/laws/agreement.ts', '../engine/reference/evaluate.js'],
  ['forbidden', 'lib/laws/agreement.ts', '../engine/onnx/lower.js'],
  ['allowed', 'lib/cli/main.ts', '../index.js'],
  ['allowed', 'lib/index.ts', './engine/open-engine.js'],
  ['forbidden', 'lib/index.ts', './laws/index.js'],
  ['forbidden', 'lib/graph/ops.ts', '../../spec/support/runs.js'],
  ['forbidden', 'lib/util/misc.ts', './other.js'],

  ['allowed', 'lib/engine/gpujs/packages.ts', 'gpu.js'],
  ['forbidden', 'lib/engine/gpujs/lower.ts', 'gpu.js'],
  ['allowed', 'lib/engine/onnx/packages.ts', 'onnxruntime-node'],
  ['forbidden', 'lib/engine/onnx/open-onnx.ts', 'onnxruntime-node'],
  ['forbidden', 'lib/engine/onnx/lower.ts', 'onnxruntime-web/wasm'],
  ['allowed', 'lib/io/npy.ts', 'node:fs/promises'],
  ['forbidden', 'lib/data/idx.ts', 'node:fs'],
  ['forbidden', 'lib/core/shape.ts', 'vitest'],
  ['forbidden', 'lib/graph/ops.ts', 'fast-check'],
  ['allowed', 'lib/ntk/spectrum/spectrum.ts', 'ml-matrix'],
  ['forbidden', 'lib/ntk/spectrum/gram.ts', 'ml-matrix'],

  ['allowed', 'lib/core/tree.ts', 'fp-ts/lib/function.js'],
  ['forbidden', 'lib/core/tree.ts', 'fp-ts/lib/function'],
  ['forbidden', 'lib/core/tree.ts', 'fp-ts/function'],
  ['forbidden', 'spec/core/tree.spec.ts', 'fp-ts'],
  ['allowed', 'lib/cli/read-request.ts', 'io-ts'],
  ['allowed', 'lib/cli/read-request.ts', 'io-ts/lib/PathReporter.js'],
  ['forbidden', 'lib/cli/read-request.ts', 'io-ts/PathReporter'],
  ['allowed', 'spec/core/tree.spec.ts', '../../lib/core/tree.js'],
  ['allowed', 'bench/run.ts', 'onnxruntime-node']
]

describe('import layers', () => {
  it.each(cases)('%s: %s imports %s', (verdict, file, specifier) =>
    expect(layers.complaint(file, specifier) === undefined).toBe(verdict === 'allowed')
  )
})
