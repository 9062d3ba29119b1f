import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { type NdArray, of } from '../../lib/core/ndarray.js'
import { sizeOf } from '../../lib/core/shape.js'
import { unwrap } from '../../lib/core/unwrap.js'
import * as diff from '../../lib/diff/index.js'
import { run } from '../../lib/engine/compile.js'
import { openEngine } from '../../lib/engine/open-engine.js'
import { evaluateOn } from '../../lib/graph/evaluate.js'
import { ops } from '../../lib/graph/ops/index.js'
import type { Tensor } from '../../lib/graph/tensor.js'
import { maxPool } from '../../lib/nn/pool.js'
import { programs, stepNames } from '../../lib/laws/programs.js'
import { runs } from '../support/runs.js'

const pooled = maxPool([1, 3]).apply({})

/** Sums of products are regrouped, (Σ a) b for Σ a b, and 0 · ∞ comes of one side only (decision 28). */
const makesSumsOfProducts = /^(contract|matmul|add|sub)/
const special = [-Infinity, Infinity, NaN, -0, 0, 1, -2]
const only = stepNames.filter((name) => !makesSumsOfProducts.test(name))
const drawn = programs({ only }).chain((program) => {
  const count = program.specs.reduce((sum, { shape }) => sum + sizeOf(shape), 0)
  const values = fc.array(
    fc.oneof(fc.constantFrom(...special), fc.noBias(fc.double({ min: -3, max: 3, noNaN: true }))),
    { minLength: count, maxLength: count }
  )
  return fc.record({ program: fc.constant(program), values })
})

describe('random programs on −∞, ∞, NaN and −0', () => {
  it('give on reference what evaluateOn gives: infinities and NaN at the same places', async () => {
    const engine = await unwrap(openEngine({ require: 'reference' }))
    await fc.assert(
      fc.asyncProperty(drawn, async ({ program: { f, specs }, values }) => {
        let at = 0
        const args = specs.map(({ shape }): NdArray => of(shape, values.slice(at, (at += sizeOf(shape)))))
        const whole = (...xs: readonly Tensor[]): Tensor => f(xs)
        const right = evaluateOn(whole)(...args)
        const { value, executed } = await unwrap(run(engine)(whole)(...args))
        expect(executed.engine).toBe('reference')
        const kinds = ({ data }: NdArray) => Array.from(data, (v) => (Number.isFinite(v) ? 0 : v))
        expect(kinds(value)).toEqual(kinds(right))
      }),
      { numRuns: runs(500) }
    )
    await engine.dispose()
  }, 60_000)
})

describe.each(['reference', 'onnx:native', 'onnx:wasm', 'gpujs:webasm', 'gpujs:cpu'] as const)(
  'what is not finite, on %s',
  (name) => {
    const opened = unwrap(openEngine({ require: name }))
    afterAll(async () => (await opened).dispose())
    const far = Infinity
    const x = of([3, 3], [1, far, 3, -far, 5, NaN, 7, 8, 9])
    it.each([
      ['ii->i', [1, 5, 9]],
      ['ii->', [15]],
      ['ij->jij', [1, 0, 0, -far, 0, 0, 7, 0, 0, 0, far, 0, 0, 5, 0, 0, 8, 0, 0, 0, 3, 0, 0, NaN, 0, 0, 9]]
    ])('diagonals by %s hold what is beside them apart', async (equation, want) => {
      const { value, executed } = await unwrap(run(await opened)((t: Tensor) => ops.einsum(equation)(t))(x))
      expect(executed.engine).toBe(name)
      expect(Array.from(value.data, (v) => v + 0)).toEqual(want)
    })

    const rows = of([3, 3], [1, NaN, 2, 3, 3, -far, far, 0, -1])
    const shares = [NaN, NaN, NaN, 0.5, 0.5, 0, 1, 0, 0]
    it.each([
      ['reverse', (t: Tensor) => diff.grad((u: Tensor) => ops.sum()(ops.reduceMax(1)(u)))(t), shares],
      ['forward', (t: Tensor) => diff.jvp(ops.reduceMax(1))(t, ops.ones([3, 3]))[1], [NaN, 1, 1]],
      [
        'pooled',
        (t: Tensor) => diff.grad((u: Tensor) => ops.sum()(pooled(u)))(ops.reshape([1, 1, 3, 3])(t)),
        shares
      ]
    ] as const)('the derivative of a maximum is NaN where the maximum is, %s', async (_, f, want) => {
      const { value, executed } = await unwrap(run(await opened)(f)(rows))
      expect(executed.engine).toBe(name)
      expect([...value.data]).toEqual(want)
      expect([...evaluateOn(f)(rows).data]).toEqual(want)
    })
  }
)
