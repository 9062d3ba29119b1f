import * as E from 'fp-ts/lib/Either.js'
import {
  attack,
  compile,
  type Concrete,
  type Engine,
  type EngineName,
  evaluateOn,
  formatError,
  type Key,
  key,
  type NdArray,
  nn,
  ntk,
  openEngine,
  type Specs,
  type Tensor
} from 'tangentflow'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inBall } from '../../lib/laws/in-ball.js'
import { agreement, showAgreement } from '../support/agreement.js'
import { right } from '../support/either.js'
import { measured } from '../support/measured.js'
import { batchOf } from '../support/networks.js'
import { runs } from '../support/runs.js'

const FEATURES = 12
const epsilon = 0.1

const net = nn.serial(nn.dense(16), nn.tanh, nn.dense(4))
const params = net.init(key(7), [FEATURES])
const batch = batchOf(5, 8, FEATURES, 4)
const others = batchOf(9, 6, FEATURES, 4)

const pgd = attack.pgd({ epsilon, steps: 10, stepSize: 0.025 })(net.apply)
const attacked = (weights: nn.Params, { x, y }: nn.Batch, noise: Key): Tensor =>
  pgd(weights, { x, y }, noise).x

const kernel = ntk.empiricalNtk(net.apply)

/** The largest difference between two arrays of one shape. */
const distance = (actual: NdArray, expected: NdArray): number => {
  expect(actual.shape).toEqual(expected.shape)
  return Math.max(...expected.data.map((value, i) => Math.abs(value - actual.data[i]!)))
}

/** Whether all graphs are to be compared rather than a sample. */
const isFull = process.env.SLOW === '1'

/** A GPU need not be there; every other engine is in every page. */
const gpus: readonly EngineName[] = ['gpujs:webgl2', 'gpujs:webgpu', 'onnx:webgpu']

/** Everything an engine has to show in a page: who computes, agreement with the reference, an attack, a kernel. */
export const worksInPage = (
  name: EngineName,
  counts: { readonly sample: number; readonly full: number }
): void => {
  const graphs = runs(isFull ? counts.full : counts.sample)
  const absent = (context: { readonly skip: (note: string) => never }, reason: string): never => {
    if (gpus.includes(name)) return context.skip(reason)
    throw new Error(reason)
  }
  describe(name, () => {
    it('agrees with the reference on random graphs, forward and gradient', async (context) => {
      const result = await agreement(name, { graphs, seed: Number(process.env.FC_SEED) })
      const line = showAgreement(result)
      if (E.isLeft(result)) return absent(context, line)
      measured(context, `browser, ${line}`)
      expect(result.right.mismatches).toEqual([])
      expect(result.right.graphs).toBe(graphs)
    })

    describe('computes', () => {
      let opened: Awaited<ReturnType<ReturnType<typeof openEngine>>>
      beforeAll(async () => {
        opened = await openEngine({ require: name })()
      })
      afterAll(async () => {
        if (E.isRight(opened)) await opened.right.dispose()
      })
      const engine = (context: { readonly skip: (note: string) => never }): Engine =>
        E.isRight(opened) ? opened.right : absent(context, formatError(opened.left))

      /** Runs a function as one program, on the engine that was asked for. */
      const computed = async <Args extends readonly unknown[]>(
        on: Engine,
        f: (...args: Args) => Tensor,
        specs: Specs<Args>,
        ...args: Concrete<Args>
      ): Promise<NdArray> => {
        const before = on.programs()
        const program = right(await compile(on)(f, specs)())
        const { value, executed } = right(await program(...args)())
        expect(on.programs()).toBe(before + 1)
        expect(executed).toEqual(on.describe)
        expect(executed.engine).toBe(name)
        return value as NdArray
      }

      it('ten steps of PGD on a network as one program', async (context) => {
        const args = [params, batch, key(3)] as const
        const x = await computed(engine(context), attacked, args, ...args)
        expect(distance(x, evaluateOn(attacked)(...args))).toBeLessThan(1e-5)
        expect(distance(x, batch.x)).toBeGreaterThan(0.9 * epsilon)
        expect(inBall(batch.x, epsilon)(x).inside).toBe(true)
      })

      it('a neural tangent kernel', async (context) => {
        const args = [params, batch.x, others.x] as const
        const theta = await computed(engine(context), kernel, args, ...args)
        const expected = evaluateOn(kernel)(...args)
        expect(distance(theta, expected)).toBeLessThan(1e-4 * Math.max(...expected.data))
      })
    })
  })
}
