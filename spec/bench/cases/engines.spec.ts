import { assert, expect, it } from 'vitest'
import { compileCaseOf } from '../../../bench/cases/engines.js'
import { getOrThrow } from '../../../lib/core/error.js'
import { type NdArray, ndarray, ops, type Tensor } from '../../../lib/index.js'

it('traces, optimises and lowers anew in each step of a case of compilation', async () => {
  let traces = 0
  const f = (x: Tensor): Tensor => {
    traces++
    return ops.exp(x)
  }
  const args: [NdArray] = [ndarray.scalar(0)]
  const step = {
    name: 'exp',
    title: 'eˣ',
    reference: () => Promise.reject(new Error('not asked for')),
    tolerance: 0,
    candidates: () => [],
    comparisons: []
  }
  const work = compileCaseOf(step, () => ({ f, args, outcome: (y) => ({ y }) }))
  const candidate = work.candidates([1]).find(({ name }) => name === 'onnx:native')
  assert(candidate !== undefined)
  const ready = getOrThrow(await candidate.open())
  const { outcome, executed } = await ready.once()
  expect([executed.engine, ...outcome['y']!.data]).toEqual(['onnx:native', 1])
  const before = traces
  for (const _ of [1, 2, 3]) expect(await ready.step()).toBeGreaterThan(0)
  expect(traces - before).toBe(3)
  await ready.dispose()
})
