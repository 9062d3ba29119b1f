import * as E from 'fp-ts/lib/Either.js'
import { expect, it } from 'vitest'
import { quantile } from '../../bench/harness/statistics.js'
import { formatError } from '../../lib/core/error.js'
import { key, normals, uniforms } from '../../lib/core/key.js'
import * as ndarray from '../../lib/core/ndarray.js'
import { grad } from '../../lib/diff/index.js'
import { compile } from '../../lib/engine/compile.js'
import type { EngineName } from '../../lib/engine/engines.js'
import { openEngine } from '../../lib/engine/open-engine.js'
import { ops } from '../../lib/graph/ops/index.js'
import { spec } from '../../lib/graph/spec.js'
import type { Tensor } from '../../lib/graph/tensor.js'
import { measured } from '../support/measured.js'

const STEPS = 1000
/** After so many steps everything that is made once has been made; memory is read from then on, at even distances. */
const WARM = 300
const STRETCHES = 5
/**
 * A fraction of what the steps from there on would hold if they kept their arrays, 20 of up to 2,048 floats, 700 times;
 * single arrays show in the counters. What is kept grows in every stretch, while an allocator or a compiler takes its
 * megabytes at once, so the growth is that of the median stretch, times their number.
 */
const GROWTH = 24 * 2 ** 20

const [inputs, hidden, classes, batch] = [64, 32, 10, 32]

type Params = readonly [Tensor, Tensor]

const loss = ([w, v]: Params, x: Tensor, y: Tensor): Tensor => {
  const logits = ops.matmul(v)(ops.relu(ops.matmul(w)(x)))
  return ops.mean()(ops.sub(ops.sum(-1)(ops.mul(y)(logits)))(ops.logSumExp(-1)(logits)))
}

const step = (params: Params, x: Tensor, y: Tensor): readonly [Tensor, Tensor, Tensor] => {
  const [dw, dv] = grad((p: Params) => loss(p, x, y))(params)
  return [ops.sub(ops.scale(0.1)(dw))(params[0]), ops.sub(ops.scale(0.1)(dv))(params[1]), loss(params, x, y)]
}

/** A page cannot say how much memory it takes. */
const inPage = !('memoryUsage' in process)

/** Resident memory without garbage; what a collection finalises is given back a moment later. */
const residentMemory = async (): Promise<number> => {
  const { gc } = globalThis as { readonly gc?: () => void }
  for (let i = 0; i < 3; i++) {
    gc?.()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return inPage ? 0 : process.memoryUsage.rss()
}

/** 1,000 steps of training, each a run: what is held stays as it was after the first, and memory stays flat. */
export const trains = (engine: EngineName): void => {
  it('holds no more after 1,000 training steps than after the first', async (context) => {
    const opened = await openEngine({ require: engine })()
    if (E.isLeft(opened)) return context.skip(formatError(opened.left))
    const { right: open } = opened
    const program = await compile(open)(step, [
      [spec([inputs, hidden]), spec([hidden, classes])],
      spec([batch, inputs]),
      spec([batch, classes])
    ])()
    if (E.isLeft(program)) throw new Error(formatError(program.left))
    const x = ndarray.of([batch, inputs], normals(key(1), batch * inputs))
    const labels = uniforms(key(2), batch).map((u) => Math.floor(u * classes))
    const y = ndarray.of(
      [batch, classes],
      Array.from({ length: batch * classes }, (_, i) =>
        labels[Math.floor(i / classes)] === i % classes ? 1 : 0
      )
    )
    let w = ndarray.of(
      [inputs, hidden],
      normals(key(3), inputs * hidden).map((z) => z / 8)
    )
    let v = ndarray.of(
      [hidden, classes],
      normals(key(4), hidden * classes).map((z) => z / 6)
    )
    const losses: number[] = []
    const held: object[] = []
    const resident: number[] = []
    for (let i = 0; i < STEPS; i++) {
      const result = await program.right([w, v], x, y)()
      if (E.isLeft(result)) throw new Error(formatError(result.left))
      const [nextW, nextV, value] = result.right.value
      ;[w, v] = [nextW, nextV]
      losses.push(value.data[0]!)
      held.push(open.held())
      if (i + 1 >= WARM && (i + 1 - WARM) % ((STEPS - WARM) / STRETCHES) === 0)
        resident.push(await residentMemory())
    }
    const stretches = resident.slice(1).map((now, i) => now - resident[i]!)
    const growth = STRETCHES * quantile(0.5, stretches)
    const last = open.held()
    await open.dispose()
    measured(
      context,
      `${engine}: ${STEPS} training steps, loss ${losses[0]!.toFixed(2)} to ${losses.at(-1)!.toFixed(4)}, ` +
        `holds ${JSON.stringify(last)} throughout` +
        (inPage ? '' : `, resident memory ${(growth / 2 ** 20).toFixed(1)} MiB more`)
    )
    for (const now of held) expect(now).toEqual(held[0])
    expect(losses.at(-1)).toBeLessThan(0.2 * losses[0]!)
    expect(growth).toBeLessThan(GROWTH)
  })
}
