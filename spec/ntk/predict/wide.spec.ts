import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import {
  type Concrete,
  grad,
  key,
  ndarray,
  nn,
  normals,
  ntk,
  openEngine,
  ops,
  run,
  type Tensor,
  tree
} from 'tangentflow'
import { right } from '../../support/kernels.js'

const [examples, inputs, chunk, chunks] = [6, 8, 10, 5]
const x = ndarray.of([examples, inputs], normals(key(1), examples * inputs))
const y = ndarray.of(
  [examples, 1],
  Float64Array.from({ length: examples }, (_, i) => (i % 2 === 0 ? 1 : -1))
)

/** How far real training of a network of a width is from its prediction, relative to the residual at the start. */
const deviation = async (width: number) => {
  const options: nn.DenseOptions = { parametrisation: 'ntk', sigmaB: 0.1 }
  const hidden = [nn.dense(width, options), nn.relu]
  const net = nn.serial(...hidden, ...hidden, nn.dense(1, { ...options, sigmaW: 1 }))
  const engine = await openEngine({ require: 'onnx:native' })()
  if (E.isLeft(engine)) return undefined
  let params: Concrete<nn.Params> = net.init(key(2), [inputs])
  const at = (p: nn.Params, input: Tensor) => ({
    kernel: ntk.empiricalNtk(net.apply, { outputs: 'mean' })(p, input),
    start: net.apply(p)(input)
  })
  const { kernel, start } = right(await run(engine.right)(at)(params, x)()).value
  const rate = 0.2 * right(ntk.maxLearningRate(kernel))
  const steps = (p: nn.Params, input: Tensor, target: Tensor): nn.Params => {
    let now = p
    for (let k = 0; k < chunk; k++)
      now = tree.zipWith(grad((q: nn.Params) => nn.mse(target)(net.apply(q)(input)))(now), (w, g) =>
        ops.sub(ops.scale(rate)(g))(w)
      )(now)
    return now
  }
  const times = Array.from({ length: chunks }, (_, i) => (i + 1) * chunk)
  const predicted = right(ntk.predictMse(kernel, y, { dynamics: 'descent', rate, start, times }))
  const length = (values: ArrayLike<number>): number => Math.hypot(...Array.from(values))
  const residual = length(Array.from(y.data, (t, i) => t - start.data[i]!))
  let most = 0
  for (const [i] of times.entries()) {
    params = right(await run(engine.right)(steps)(params, x, y)()).value
    const now = right(
      await run(engine.right)((p: nn.Params, input: Tensor) => net.apply(p)(input))(params, x)()
    )
    const off = Array.from(now.value.data, (f, n) => f - predicted.train[i]!.data[n]!)
    most = Math.max(most, length(off) / residual)
  }
  const moved = Array.from(predicted.train.at(-1)!.data, (f, n) => f - start.data[n]!)
  await engine.right.dispose()
  return { off: most, moved: length(moved) / residual }
}

describe('a wide network', () => {
  it('trains as its kernel predicts, to O(1/√width)', async (ctx) => {
    const [narrow, wide] = [await deviation(128), await deviation(2048)]
    ctx.skip(narrow === undefined || wide === undefined, 'onnxruntime-node is not installed')
    // Lee et al., arXiv:1902.06720, theorem 2.1: sup over t of ‖f_t − f_lin,t‖ is O(width^−½); the constant is taken as 1
    expect(wide!.off).toBeLessThan(1 / Math.sqrt(2048))
    expect(wide!.off).toBeLessThan(narrow!.off / 2)
    expect(wide!.moved).toBeGreaterThan(0.5)
  })
})
