import * as E from 'fp-ts/lib/Either.js'
import { expect, it, vi } from 'vitest'
import { formatError } from '../../../lib/core/error.js'
import type { lower as Lower } from '../../../lib/engine/onnx/lower.js'
import { openOnnx } from '../../../lib/engine/onnx/open-onnx.js'
import { planOf } from '../../../lib/engine/plan.js'
import { apply } from '../../../lib/graph/tensor.js'
import { expectLeft, input } from './support.js'

vi.mock('../../../lib/engine/onnx/lower.js', async (original) => {
  const { lower } = await original<{ lower: typeof Lower }>()
  return { lower: (plan: Parameters<typeof lower>[0]) => lower(plan, 'portable') }
})

it('onnx:webgpu refuses a program of which a node would run on the CPU', async (context) => {
  const opened = await openOnnx('webgpu')({ threads: 1 })()
  if (E.isLeft(opened)) return context.skip(formatError(opened.left))
  expect(opened.right.executed.backend).toMatch(/^onnxruntime-node \d+\.\d+\.\d+ webgpu \(.+\)$/)
  const x = input([3])
  const plan = planOf({ inputs: [x], outputs: [apply({ tag: 'pointwise', fn: 'sign' }, [x])] })
  expect(expectLeft(await opened.right.load(plan)())).toMatchObject({
    _tag: 'EngineError',
    operation: 'onnx.load',
    expected: 'a model of which webgpu computes every node'
  })
  await opened.right.dispose()
})

it.each(['coreml', 'dml'] as const)('onnx:%s is refused where the package lacks it', async (kind) => {
  const opened = await openOnnx(kind)({ threads: 1 })()
  if (E.isRight(opened)) return opened.right.dispose()
  expect(opened.left).toMatchObject({
    operation: 'openEngine',
    expected: `an onnxruntime-node with the execution provider ${kind}`,
    where: `onnx:${kind}`
  })
})

it('onnx:webgpu without an adapter says what it needs', async () => {
  vi.stubEnv('VK_ICD_FILENAMES', '/nonexistent.json')
  const opened = await openOnnx('webgpu')({ threads: 1 })()
  vi.unstubAllEnvs()
  expect(expectLeft(opened).expected).toContain('a WebGPU adapter')
})
