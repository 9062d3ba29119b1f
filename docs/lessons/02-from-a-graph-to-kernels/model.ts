import {
  compile,
  type Engine,
  explain,
  key,
  type NdArray,
  ndarray,
  normals,
  openEngine,
  ops,
  spec,
  type Tensor,
  trace
} from 'tangentflow'
import { evaluateGraph } from '../../../lib/graph/evaluate.js'
import { referenceEngine } from '../frame/reference.js'
import { right } from '../frame/lesson.js'
import type { State } from './lesson.js'

type Name = State['f']

// #region functions
const functions: Readonly<Record<Name, (x: Tensor, y: Tensor) => Tensor>> = {
  chain: (x, y) => ops.add(1)(ops.mul(y)(ops.exp(ops.neg(ops.square(x))))),
  layer: (x, w) => ops.relu(ops.add(0.5)(ops.matmul(w)(x))),
  softmax: (x, y) => ops.softmax()(ops.add(y)(x)),
  distance: (x, y) => ops.sum()(ops.square(ops.sub(y)(x)))
}
// #endregion functions

const shapesOf = (size: number) => [spec([size, size]), spec([size, size])] as const

/** A function at every stage from its trace to the kernels of a backend. */
export const stagesOf = ({ f, backend, size }: State) => {
  // #region explain
  const { traced, optimised, cost, programs } = right(
    explain(functions[f], shapesOf(size), { backends: [backend] })
  )
  const [program] = programs
  // #endregion explain
  return { traced, optimised, cost, program: program! }
}

/** A run on a backend, beside the float64 loops of the reference. */
export interface Run {
  readonly executed: string
  /** The largest difference of an element, as a share of the largest element. */
  readonly error: number
  /** Milliseconds of a run, the median of several. */
  readonly times: { readonly reference: number; readonly backend: number }
}

const RUNS = 7

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!

/** What a run gives, and who gave it. */
type Answer = () => Promise<{ readonly value: NdArray; readonly executed: { readonly engine: string } }>

const on = async (engine: Engine, { f, size }: State, args: readonly [NdArray, NdArray]): Promise<Answer> => {
  // #region run
  const program = right(await compile(engine)(functions[f], shapesOf(size))())
  return async () => right(await program(...args)())
  // #endregion run
}

/** Every operation in float64, its result rounded to float32: no engine is loaded for it. */
const rounded = ({ f, size }: State, args: readonly [NdArray, NdArray]): Answer => {
  const { graph } = right(trace(functions[f], shapesOf(size)))
  const executed = { engine: 'the evaluator, rounding to float32' }
  return () => Promise.resolve({ value: evaluateGraph(graph, args, 'float32')[0]!, executed })
}

/** Runs a function on an engine, and beside it on the float64 loops of the reference. */
export const runOn = async (state: State): Promise<Run> => {
  const { engine: name, size } = state
  const draw = (seed: number): NdArray => ndarray.of([size, size], normals(key(seed), size * size))
  const args = [draw(1), draw(2)] as const
  const engine = name === 'rounded' ? undefined : right(await openEngine({ require: `gpujs:${name}` })())
  const oracle = await on(await referenceEngine(), state, args)
  const answer = engine === undefined ? rounded(state, args) : await on(engine, state, args)
  const [{ value, executed }, { value: exact }] = [await answer(), await oracle()]
  const timed = async (one: Answer): Promise<number> => {
    const times: number[] = []
    for (let i = 0; i < RUNS; i++) {
      const start = performance.now()
      await one()
      times.push(performance.now() - start)
    }
    return median(times)
  }
  const times = { reference: await timed(oracle), backend: await timed(answer) }
  await engine?.dispose()
  const [found, wanted] = [Array.from(value.data), Array.from(exact.data)]
  const largest = wanted.reduce((most, one) => Math.max(most, Math.abs(one)), 0)
  const furthest = wanted.reduce((most, one, i) => Math.max(most, Math.abs(one - found[i]!)), 0)
  return { executed: executed.engine, error: furthest / largest, times }
}
