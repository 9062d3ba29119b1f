import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import {
  attack,
  type Concrete,
  data,
  grad,
  key,
  type Key,
  mask,
  ndarray,
  nn,
  openEngine,
  run,
  type Tensor,
  uniforms
} from 'tangentflow'
import { relativeError } from '../support/networks.js'

const net = nn.serial(nn.dense(32), nn.relu, nn.dense(16), nn.relu, nn.dense(10))
const params = net.init(key(4), [64])
const set = data.digits()
const rows = (from: number, count: number): nn.Dataset => ({
  x: ndarray.of([count, 64], set.x.data.slice(from * 64, (from + count) * 64)),
  y: ndarray.of([count], set.y.data.slice(from, from + count))
})
const soft: Concrete<nn.Weights> = params.map(({ w }, l) =>
  w === undefined ? {} : { w: ndarray.of(w.shape, uniforms(key(l + 20), w.data.length)) }
)

const both = async <Args extends readonly unknown[], Out>(
  f: (...args: Args) => Out,
  args: Concrete<Args>
): Promise<readonly [Concrete<Out>, Concrete<Out>] | undefined> => {
  const reference = await openEngine({ require: 'reference' })()
  const onnx = await openEngine({ require: 'onnx:native' })()
  if (E.isLeft(onnx) || E.isLeft(reference)) return undefined
  const [a, b] = [await run(onnx.right)(f)(...args)(), await run(reference.right)(f)(...args)()]
  await onnx.right.dispose()
  if (E.isLeft(a) || E.isLeft(b)) throw new Error('a program did not run')
  return [a.right.value, b.right.value]
}

describe('engines', () => {
  it.for(['probes', 'explicit'] as const)(
    'agree on the gradient of the search’s objective, with %s, to 1e-4 of its largest element',
    async (kernel, ctx) => {
      const loss = (m: nn.Weights, p: nn.Params, x: Tensor, other: Tensor, k: Key): Tensor =>
        mask.objective(net.apply, { c: 1, kernel })(m, p, x, other, k).loss
      const n = kernel === 'probes' ? 32 : 6
      const values = await both(grad(loss), [soft, params, rows(0, n).x, rows(n, n).x, key(1)])
      if (values === undefined) return ctx.skip('onnxruntime-node is not installed')
      values[0].forEach(({ w }, l) => {
        if (w !== undefined) expect(relativeError(w, values[1][l]!.w!)).toBeLessThan(1e-4)
      })
    }
  )

  it('keep PGD in ball and box to 2 ulp', async (ctx) => {
    const batch = rows(0, 64)
    for (const epsilon of [0, 0.03, 0.1, 0.7]) {
      const pgd = attack.pgd({ epsilon, steps: 3, stepSize: epsilon / 2 })(net.apply)
      const values = await both(
        (p: nn.Params, b: nn.Batch, k: Key): Tensor => pgd(p, b, k).x,
        [params, batch, key(2)]
      )
      if (values === undefined) return ctx.skip('onnxruntime-node is not installed')
      values[0].data.forEach((value, i) => {
        const x = batch.x.data[i]!
        expect(Math.abs(value - x)).toBeLessThanOrEqual(Math.fround(epsilon) + 2 * 2 ** -23 * (x + epsilon))
        expect(value >= 0 && value <= 1).toBe(true)
      })
      if (epsilon === 0) expect(Float32Array.from(values[0].data)).toEqual(Float32Array.from(batch.x.data))
    }
  })
})
