import { plain } from '../core/plain.js'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { MOST_UNROLLED, requireWhole } from '../core/check.js'
import type { TangentError } from '../core/error.js'
import type { HostKey } from '../core/key.js'
import { fold, type Key } from '../graph/key.js'
import { ops } from '../graph/ops/index.js'
import { type Effect, type Executed, loop, type Program } from '../graph/runner.js'
import { type Concrete, keySpec, spec, type Specs } from '../graph/spec.js'
import type { Tensor } from '../graph/tensor.js'
import { attempt, trace } from '../graph/trace.js'
import * as tree from '../graph/tree.js'
import type { Model } from '../nn/model.js'
import type { AttackBatch, Goal } from './goal.js'
import {
  advance,
  type AttackResult,
  type AttackState,
  begin,
  concatRows,
  finish,
  type Iteration,
  resultOf,
  rowOf,
  type Rows
} from './iteration.js'
import {
  allSucceeded,
  type AttackRun,
  compiled,
  onHost,
  type PrepareAttack,
  type PreparedAttack,
  prepareWhole,
  type TracedAttack
} from './run.js'
import { walk } from './walk.js'

/** The attack as one traced function. */
const traced =
  <S, C>(iteration: Iteration<S, C>) =>
  <P>(model: Model<P>) =>
  (params: P, batch: AttackBatch, key: Key): AttackResult => {
    const { goal, last, rows } = walk('attack.iterate', iteration, model, params, batch, key)
    const { kept, seen } = finish(iteration, goal, last, iteration.steps === 0)
    return resultOf(kept, [...rows, rowOf(seen)], last)
  }

/**
 * Every point that an iteration visits, [steps + 1, n, …], as a traced function: its start, then where each step leads. The attack's
 * own result is one of them. Constant to every derivative.
 *
 * @example
 * import assert from 'node:assert'
 * import { attack, evaluateOn, key, ndarray, ops, type Tensor } from 'tangentflow'
 *
 * // two logits, x and 0: against label 0 each step of PGD goes left, as far as the ball reaches
 * const model = () => (x: Tensor) => ops.concat(1)([x, ops.scale(0)(x)])
 * const pgd = attack.pgdIteration({ epsilon: 0.25, steps: 3, stepSize: 0.125, randomStart: false })
 * const batch = { x: ndarray.fromNested([[0.5]]), y: ndarray.fromNested([0]) }
 * const points = evaluateOn(attack.path(pgd)(model))([], batch, key(0))
 * assert.deepEqual(ndarray.toNested(points), [[[0.5]], [[0.375]], [[0.25]], [[0.25]]])
 */
export const path = plain(
  'attack.path',
  <S, C>(iteration: Iteration<S, C>) =>
    <P>(model: Model<P>) =>
    (params: P, batch: AttackBatch, key: Key): Tensor =>
      ops.stopGradient(walk('attack.path', iteration, model, params, batch, key).points)
)

/** The start of an iteration, some of its steps and its end, each to be traced on its own. */
const partsOf = <P, S, C>(model: Model<P>, iteration: Iteration<S, C>) => {
  const goalOf = (p: P, b: AttackBatch, k: Key): Goal => iteration.goal(model(p), b, k)
  return {
    start: (p: P, b: AttackBatch, k: Key): AttackState<S> => begin(iteration, goalOf(p, b, k), k),
    steps: (
      p: P,
      b: AttackBatch,
      k: Key,
      from: AttackState<S>,
      controls: readonly C[],
      keys: readonly Key[]
    ) => {
      const goal = goalOf(p, b, k)
      let to = from
      const rows = controls.map((control, i) => {
        const next = advance(iteration, goal, to, control, keys[i]!)
        to = next.to
        return rowOf(next.seen)
      })
      return { to, rows: concatRows(rows) }
    },
    end: (p: P, b: AttackBatch, k: Key, from: Pick<AttackState<S>, 'point' | 'best'>) => {
      const { kept, seen } = finish(iteration, goalOf(p, b, k), from)
      return { kept, rows: rowOf(seen) }
    }
  }
}

type Compiled<F> = F extends (...args: infer Args) => infer Out ? Program<Args, Out> : never
type Parts<P, S, C> = ReturnType<typeof partsOf<P, S, C>>

/** The compiled programs of an iteration; those of steps by their number. */
interface Programs<P, S, C> {
  readonly start: Compiled<Parts<P, S, C>['start']>
  readonly steps: ReadonlyMap<number, Compiled<Parts<P, S, C>['steps']>>
  readonly end: Compiled<Parts<P, S, C>['end']>
}

const compileAll = <P, S, C>(
  model: Model<P>,
  iteration: Iteration<S, C>,
  chunk: number,
  params: Specs<P>,
  batch: Specs<AttackBatch>
): Effect<Programs<P, S, C>> => {
  const { start, steps, end } = partsOf(model, iteration)
  // every state has the shapes of the first one
  const stateOf = ({ out }: { readonly out: AttackState<S> }): Specs<AttackState<S>> =>
    tree.replace(
      'attack.prepare',
      out,
      tree.tensors(out).map(({ shape }) => spec(shape))
    )
  return pipe(
    RTE.Do,
    RTE.bind('state', () => RTE.fromEither(pipe(trace(start, [params, batch, keySpec]), E.map(stateOf)))),
    RTE.bind('start', () => compiled(start, [params, batch, keySpec])),
    RTE.bind('steps', ({ state }) =>
      pipe(
        // the chunk's length, and what is left at the end
        [...new Set([chunk, iteration.steps % chunk || chunk])],
        RTE.traverseSeqArray((length) => {
          const controls = Array.from({ length }, (_, i): Specs<C> => iteration.schedule(i))
          const keys = controls.map(() => keySpec)
          return pipe(
            compiled(steps, [params, batch, keySpec, state, controls, keys]),
            RTE.map((program) => [length, program] as const)
          )
        }),
        RTE.map((pairs) => new Map(pairs))
      )
    ),
    RTE.bind('end', ({ state: { point, best } }) => compiled(end, [params, batch, keySpec, { point, best }]))
  )
}

/** A run between two programs. */
interface PartialRun<S> {
  readonly steps: number
  readonly state: Concrete<AttackState<S>>
  readonly rows: readonly Concrete<Rows>[]
  readonly executed: Executed
}

/** Runs the compiled programs one after the other. */
const runPrograms =
  <P, S, C>(
    { steps, freeze, schedule }: Iteration<S, C>,
    chunk: number,
    programs: Programs<P, S, C>
  ): PreparedAttack<P> =>
  (params, batch, key: HostKey) => {
    const isOver = ({ state, steps: done }: PartialRun<S>): boolean =>
      freeze && done > 0 && allSucceeded(state.best.success)

    const advanced = (_: number, from: PartialRun<S>): TE.TaskEither<TangentError, PartialRun<S>> => {
      if (isOver(from)) return TE.right(from)
      const length = Math.min(chunk, steps - from.steps)
      const places = Array.from({ length }, (_step, i) => from.steps + i)
      const keys = places.map((step) => fold(step)(key))
      return pipe(
        programs.steps.get(length)!(params, batch, key, from.state, places.map(schedule), keys),
        TE.map(({ value: { to, rows }, executed }) => ({
          steps: from.steps + length,
          state: to,
          rows: [...from.rows, rows],
          executed
        }))
      )
    }
    const ended = ({ state, rows, executed }: PartialRun<S>, isDone: boolean) => {
      const { point, best, zeroGradients, nonFiniteGradients } = state
      return pipe(
        isDone
          ? TE.right({ kept: best, rows })
          : pipe(
              programs.end(params, batch, key, { point, best }),
              TE.map(({ value }) => ({ kept: value.kept, rows: [...rows, value.rows] }))
            ),
        TE.flatMapEither((last) =>
          onHost(resultOf)(last.kept, last.rows, { zeroGradients, nonFiniteGradients })
        ),
        TE.map((result): AttackRun => ({ ...result, key, executed }))
      )
    }
    return pipe(
      programs.start(params, batch, key),
      TE.map(({ value, executed }): PartialRun<S> => ({ steps: 0, state: value, rows: [], executed })),
      TE.flatMap(loop(Math.ceil(steps / chunk), advanced)),
      TE.flatMap((last) => ended(last, isOver(last)))
    )
  }

/**
 * An attack from the parts of an iteration: start, `steps` steps, and the point to keep. Every attack of the library is made
 * by it. As programs it is one for the start, one run again and again for `chunk` steps, one for the rest and one for the
 * last point: state goes in and comes out as arguments, so a thousand steps cost the compile time of `chunk`. A frozen run
 * ends as soon as the attack has succeeded on every sample, and so do its rows.
 *
 * @example
 * import assert from 'node:assert'
 * import { attack, evaluateOn, key, ndarray, nn } from 'tangentflow'
 *
 * // PGD that starts in the middle of the box instead of at a random point
 * const pgd = attack.pgdIteration({ epsilon: 0.1, steps: 3, stepSize: 0.05, keep: 'best' })
 * const centred = attack.iterate({
 *   ...pgd,
 *   start: (goal, key) => ({ ...pgd.start(goal, key), point: attack.ball.projectOnto(goal.norm, goal.ball)(goal.ball.centre) })
 * })
 * const net = nn.serial(nn.dense(3))
 * const batch = { x: ndarray.full([2, 5], 0.5), y: ndarray.of([2], [0, 2]) }
 * const { x } = evaluateOn(centred(net.apply))(net.init(key(0), [5]), batch, key(1))
 * assert.ok(x.data.every((v) => Math.abs(v - 0.5) <= 0.1 + 1e-9))
 */
export const iterate = plain('attack.iterate', <S, C>(iteration: Iteration<S, C>): TracedAttack => {
  const whole = traced(iteration)
  return Object.assign(whole, {
    box: iteration.box,
    freeze: iteration.freeze,
    programs:
      (chunk: number): PrepareAttack =>
      (model) =>
      (params, batch) =>
        pipe(
          RTE.fromEither(attempt(() => requireWhole('attack.prepare', 'chunk', chunk, 1, MOST_UNROLLED))),
          RTE.flatMap(() =>
            iteration.steps > chunk
              ? pipe(
                  compileAll(model, iteration, chunk, params, batch),
                  RTE.map((programs) => runPrograms(iteration, chunk, programs))
                )
              : prepareWhole(whole)(model)(params, batch)
          )
        )
  })
})
