import * as E from 'fp-ts/lib/Either.js'
import { getOrThrow, type TangentError } from '../core/error.js'
import { isNdArray, type NdArray, of } from '../core/ndarray.js'
import { requireShape } from '../core/shape.js'
import { leaves, rebuild } from '../core/tree.js'
import type { Key } from '../graph/key.js'
import { ops } from '../graph/ops/index.js'
import { constant, type Tensor } from '../graph/tensor.js'
import { attempt } from '../graph/trace.js'
import type { Model } from '../nn/model.js'
import { ofModel } from '../nn/require.js'
import { type AttackBatch, type Candidate, type Goal, lazily } from './goal.js'
import { advance, type AttackState, begin, type FaultCounts, type Iteration, type Rows } from './iteration.js'

/** What a schedule gives to all steps, stacked: constants of the graph. */
const schedulesOf = <C>(
  operation: string,
  { schedule, steps }: Pick<Iteration<unknown, C>, 'schedule' | 'steps'>
): C => {
  const first = schedule(0)
  const arraysOf = (step: number): readonly NdArray[] =>
    leaves(operation, isNdArray, step === 0 ? first : schedule(step)).map(({ value }) => value)
  const all = Array.from({ length: steps }, (_, step) => arraysOf(step))
  const stacks = all[0]!.map(({ shape, data }, k) => {
    const stack = new Float64Array(steps * data.length)
    all.forEach((given, step) => {
      requireShape(operation, `schedule(${step})`, given[k]!.shape, shape, 'shape')
      stack.set(given[k]!.data, step * data.length)
    })
    return constant(of([steps, ...shape], stack))
  })
  return rebuild<unknown, C>(operation, isNdArray, first, stacks)
}

/** What a step gives beside the next point and the memory of the iteration. */
type Parts = FaultCounts & Rows & { readonly best: Candidate }

/** All points of a run. */
interface Walk<S> {
  readonly goal: Goal
  /** The state after the last step. */
  readonly last: AttackState<S>
  /** The rows of all points but the last. */
  readonly rows: readonly Rows[]
  /** Every point, [steps + 1, n, …]. */
  readonly points: Tensor
}

/**
 * The steps of an iteration as one loop, so that the graph does not grow with them. Parts that are refused, as the margins of a
 * model without logits, are refused when they are read; what nothing reads the optimiser drops.
 */
export const walk = <P, S, C>(
  operation: string,
  iteration: Iteration<S, C>,
  model: Model<P>,
  params: P,
  batch: AttackBatch,
  key: Key
): Walk<S> => {
  ofModel(operation, [model])
  const goal = iteration.goal(model(params), batch, key)
  const first = begin(iteration, goal, key)
  const start = ops.expandDims(0)(first.point)
  if (iteration.steps === 0) return { goal, last: first, rows: [], points: start }

  const refusals = new Map<keyof Parts, TangentError>()
  const made = <K extends keyof Parts>(name: K, part: () => Parts[K], known: Parts[K]): Parts[K] => {
    const tried = attempt(part)
    if (E.isLeft(tried)) refusals.set(name, tried.left)
    return E.isLeft(tried) ? known : tried.right
  }
  const read =
    <K extends keyof Parts>(name: K, part: Parts[K]) =>
    (): Parts[K] => {
      const refusal = refusals.get(name)
      return refusal === undefined ? part : getOrThrow(E.left(refusal))
    }

  interface StepInput {
    readonly control: C
    readonly key: Key
  }
  const step = (from: AttackState<S>, { control, key }: StepInput) => {
    const { to, seen } = advance(iteration, goal, from, control, key)
    const next: AttackState<S> = {
      point: to.point,
      state: to.state,
      best: made('best', () => to.best, from.best),
      zeroGradients: made('zeroGradients', () => to.zeroGradients, from.zeroGradients),
      nonFiniteGradients: made('nonFiniteGradients', () => to.nonFiniteGradients, from.nonFiniteGradients)
    }
    const losses = made('losses', () => seen.loss, from.best.loss)
    const margins = made('margins', () => seen.margin, from.best.margin)
    return [next, { point: next.point, losses, margins }] as const
  }
  const inputs: StepInput = { control: schedulesOf(operation, iteration), key }
  const [last, stacks] = ops.scan(step, iteration.steps, { keys: 'fold' })(first, inputs)
  return {
    goal,
    last: lazily<AttackState<S>>({
      point: () => last.point,
      state: () => last.state,
      best: read('best', last.best),
      zeroGradients: read('zeroGradients', last.zeroGradients),
      nonFiniteGradients: read('nonFiniteGradients', last.nonFiniteGradients)
    }),
    rows: [lazily<Rows>({ losses: read('losses', stacks.losses), margins: read('margins', stacks.margins) })],
    points: ops.concat(0)([start, stacks.point])
  }
}
