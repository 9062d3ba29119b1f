import {
  compile,
  type Cost,
  type Engine,
  explain,
  key,
  ndarray,
  nn,
  ntk,
  openEngine,
  ops,
  print,
  spec,
  type Tensor,
  uniforms
} from 'tangentflow'
import { right } from '../frame/lesson.js'
import type { State } from './lesson.js'

/** The orders of one layer's sum, and the methods of a whole kernel. */
export const ORDERS = ['first', 'path'] as const
export const METHODS = ['contracted', 'vectorProduct', 'jacobian'] as const

type Order = (typeof ORDERS)[number]

// #region orders
/** Cotangents [n, o, k] and inputs [n, i] of a layer, for both batches, to its share of Θ. */
type Share = (d1: Tensor, h1: Tensor, d2: Tensor, h2: Tensor) => Tensor

const jacobianOf = (d: Tensor, h: Tensor): Tensor => ops.barrier(ops.einsum('nok,ni->noki')(d, h))

const shares: Readonly<Record<Order, Share>> = {
  // as one reads it: both Jacobians, then their product
  first: (d1, h1, d2, h2) => ops.einsum('noki,mpki->nmop')(jacobianOf(d1, h1), jacobianOf(d2, h2)),
  // one sum, whose order the library chooses
  path: (d1, h1, d2, h2) => ops.einsum('nok,ni,mpk,mi->nmop')(d1, h1, d2, h2)
}
// #endregion orders

/** The operations of a layer by hand: of a width W to itself, for N inputs on each side and O outputs. */
export const byHand: Readonly<Record<Order, (state: State) => number>> = {
  first: ({ inputs: n, outputs: o, width: w }) => 2 * (n * o * w * w) + 2 * (n * n * o * o * w * w),
  path: ({ inputs: n, outputs: o, width: w }) => 2 * (n * n * w) + 2 * (n * n * o * o * w) + n * n * o * o
}

/** What the library counts of the optimised program of each order, and that of its own order as text. */
export const countedOf = ({
  inputs,
  outputs,
  width
}: State): Readonly<Record<Order, Cost>> & { readonly program: string } => {
  // #region count
  const [d, h] = [spec([inputs, outputs, width]), spec([inputs, width])]
  const explained = (order: Order) => right(explain(shares[order], [d, h, d, h]))
  // #endregion count
  const path = explained('path')
  return { first: explained('first').cost, path: path.cost, program: print(path.optimised) }
}

/** One method at one size: what is predicted of it, and how long it took. */
export interface Measured {
  readonly method: ntk.KernelMethod
  readonly state: State
  /** Operations, and two for each byte that is moved. */
  readonly predicted: number
  /** Milliseconds of a run. */
  readonly time: number
}

/** What is known of all methods at a size, and of every size that was measured before. */
export interface Comparison {
  readonly predicted: Readonly<Record<ntk.KernelMethod, number>>
  /** The method that `auto` takes. */
  readonly chosen: ntk.KernelMethod
  readonly measured: readonly Measured[]
  readonly executed: string
}

/** The length of an input. */
const LENGTH = 16

/** Batches of runs, and the milliseconds that one takes: a page's clock may tick ten times in a millisecond only. */
const [BATCHES, BATCH] = [8, 8] as const

/** Milliseconds of a run in the fastest of a few batches: whatever else the machine does only adds. */
const fastest = async (run: () => Promise<unknown>): Promise<number> => {
  await run()
  let least = Infinity
  for (let batch = 0; batch < BATCHES; batch++) {
    const start = performance.now()
    let [runs, elapsed] = [0, 0]
    while (elapsed < BATCH) {
      await run()
      runs++
      elapsed = performance.now() - start
    }
    least = Math.min(least, elapsed / runs)
  }
  return least
}

/** By size and method, for as long as the page is there. */
const known = new Map<string, Measured>()

let opened: Promise<Engine> | undefined

/** Compiled WebAssembly, which gpu.js writes, or what there is in its place. */
const engineOf = (): Promise<Engine> =>
  (opened ??= openEngine({ prefer: 'gpujs:webasm' })().then((engine) => right(engine)))

/** Predicts all methods at a size, then measures one after another. */
export async function* comparisonOf(state: State): AsyncGenerator<Comparison> {
  const { inputs, outputs, width } = state
  const net = nn.serial(nn.dense(width), nn.relu, nn.dense(width), nn.relu, nn.dense(outputs))
  const params = net.init(key(0), [LENGTH])
  const batch = (seed: number) => ndarray.of([inputs, LENGTH], uniforms(key(seed), inputs * LENGTH))
  const [x1, x2] = [batch(1), batch(2)]
  // #region predict
  const { method: chosen, candidates } = right(
    ntk.predictCost(net.apply)(params, spec(x1.shape), spec(x2.shape))
  )
  const operations = ({ flops, bytes }: Cost): number => flops + 2 * bytes
  // #endregion predict
  const predicted = {
    contracted: operations(candidates.contracted),
    vectorProduct: operations(candidates.vectorProduct),
    jacobian: operations(candidates.jacobian)
  }
  const engine = await engineOf()
  const { engine: name, backend } = engine.describe
  for (const method of METHODS) {
    const place = `${inputs} ${outputs} ${width} ${method}`
    if (!known.has(place)) {
      // #region measure
      const kernel = (p: nn.Params, a: Tensor, b: Tensor) => ntk.empiricalNtk(net.apply, { method })(p, a, b)
      const program = right(await compile(engine)(kernel, [params, x1, x2])())
      const time = await fastest(async () => right(await program(params, x1, x2)()))
      // #endregion measure
      known.set(place, { method, state, predicted: predicted[method], time })
    }
    yield { predicted, chosen, measured: [...known.values()], executed: `${name}, ${backend}` }
  }
}

/** Milliseconds of an operation: the middle over everything that was measured, and the only number that is fitted. */
export const paceOf = (measured: readonly Measured[]): number => {
  const paces = measured.map(({ time, predicted }) => time / predicted).sort((a, b) => a - b)
  return paces[paces.length >> 1]!
}
