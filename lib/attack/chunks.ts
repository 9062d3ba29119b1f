import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { TangentError } from '../core/error.js'
import type { HostKey } from '../core/key.js'
import type { NdArray } from '../core/ndarray.js'
import { fold, type Key } from '../graph/key.js'
import { loop } from '../graph/loop.js'
import * as ops from '../graph/ops/index.js'
import type { Executed, Program, Runner } from '../graph/runner.js'
import type { Concrete } from '../graph/spec.js'
import type { Tensor } from '../graph/tensor.js'
import { attempt } from '../graph/trace.js'
import type { Model } from '../nn/batch.js'
import type { Attacked, Samples } from './attack.js'
import type { Method } from './method.js'
import { advance, begin, finish, type Progress } from './progress.js'
import type { Candidate } from './task.js'
import {
  allBroken,
  belowEachOther,
  checkChunk,
  type Chunked,
  firstSuccessOf,
  type Run,
  runWhole
} from './run.js'

/** A run between two programs. */
interface Reached<M> {
  readonly steps: number
  readonly state: Concrete<Progress<M>>
  readonly losses: readonly NdArray[]
  readonly margins: readonly NdArray[]
  readonly executed: Executed
}

/** The traced programs of a method: its start, some steps, its end. */
const programsOf = <P, M, C>(model: Model<P>, method: Method<M, C>) => ({
  start: (params: P, batch: Samples, key: Key): Progress<M> =>
    begin(method, method.task(model(params), batch, key), key),

  steps: (
    params: P,
    batch: Samples,
    key: Key,
    from: Progress<M>,
    controls: readonly C[],
    keys: readonly Key[]
  ): { readonly to: Progress<M>; readonly losses: Tensor; readonly margins: Tensor } => {
    const task = method.task(model(params), batch, key)
    let to = from
    const rows = controls.map((control, i) => {
      const next = advance(method, task, to, control, keys[i]!)
      to = next.to
      return next.seen
    })
    return {
      to,
      losses: ops.stack(0)(rows.map(({ loss }) => loss)),
      margins: ops.stack(0)(rows.map(({ margin }) => margin))
    }
  },

  end: (params: P, batch: Samples, key: Key, from: Pick<Progress<M>, 'point' | 'best'>) => {
    const { kept, seen } = finish(method, method.task(model(params), batch, key), from)
    return { kept, losses: ops.expandDims(0)(seen.loss), margins: ops.expandDims(0)(seen.margin) }
  }
})

/** The program of some steps. */
type StepsProgram<P, M, C> = Program<
  Parameters<ReturnType<typeof programsOf<P, M, C>>['steps']>,
  ReturnType<ReturnType<typeof programsOf<P, M, C>>['steps']>
>

/** The arguments that drive the steps from `start` on. */
const driving = <M, C>(
  method: Method<M, C>,
  key: HostKey,
  start: number,
  length: number
): readonly [controls: readonly Concrete<C>[], keys: readonly HostKey[]] => {
  const places = Array.from({ length }, (_, j) => start + j)
  return [places.map(method.control), places.map((step) => fold(step)(key))]
}

/**
 * A method as programs: one for the start, one run again and again for `chunk` steps, one for the rest and one for the
 * last point. State goes in and comes out as arguments, so a thousand steps cost the compile time of `chunk`. A frozen
 * run ends as soon as the attack has succeeded on every sample; its rows end there.
 */
export const chunkedMethod =
  <M, C>(
    method: Method<M, C>,
    whole: <P>(model: Model<P>) => (params: P, batch: Samples, key: Key) => Attacked
  ): Chunked =>
  (chunk) =>
  <P>(model: Model<P>) =>
  (params: Concrete<P>, batch: Concrete<Samples>, key: HostKey) =>
  (runner: Runner) => {
    if (method.steps <= chunk) return runWhole(whole)(model)(params, batch, key)(runner)
    const programs = programsOf(model, method)

    const begun = pipe(
      runner.compile(programs.start, [params, batch, key]),
      TE.flatMap((program) => program(params, batch, key)),
      TE.map(({ value, executed }): Reached<M> => ({
        steps: 0,
        state: value,
        losses: [],
        margins: [],
        executed
      }))
    )
    /** Compiled once for each length: the chunk's, and what is left at the end. */
    const compiled = ({ state }: Reached<M>) =>
      pipe(
        [...new Set([chunk, method.steps % chunk || chunk])],
        TE.traverseSeqArray((length) =>
          pipe(
            driving(method, key, 0, length),
            ([controls, keys]) => runner.compile(programs.steps, [params, batch, key, state, controls, keys]),
            TE.map((program) => [length, program] as const)
          )
        ),
        TE.map((pairs) => new Map(pairs))
      )
    const onward =
      (ready: ReadonlyMap<number, StepsProgram<P, M, C>>) =>
      (_: number, from: Reached<M>): TE.TaskEither<TangentError, Reached<M>> => {
        const { steps, state, losses, margins } = from
        const length = Math.min(chunk, method.steps - steps)
        return isOver(from)
          ? TE.right(from)
          : pipe(
              ready.get(length)!(params, batch, key, state, ...driving(method, key, steps, length)),
              TE.map(({ value, executed }) => ({
                steps: steps + length,
                state: value.to,
                losses: [...losses, value.losses],
                margins: [...margins, value.margins],
                executed
              }))
            )
      }
    const isOver = ({ state, steps }: Reached<M>): boolean =>
      method.freeze && steps > 0 && allBroken(state.best.broken)

    const ended = (from: Reached<M>): TE.TaskEither<TangentError, Run> => {
      const { state, losses, margins, executed } = from
      const last = { point: state.point, best: state.best }
      const faults = { zeroGradients: state.zeroGradients, nonFiniteGradients: state.nonFiniteGradients }
      return isOver(from)
        ? TE.right(runOf(state.best, losses, margins, faults, key, executed))
        : pipe(
            runner.compile(programs.end, [params, batch, key, last]),
            TE.flatMap((program) => program(params, batch, key, last)),
            TE.map(({ value }) =>
              runOf(value.kept, [...losses, value.losses], [...margins, value.margins], faults, key, executed)
            )
          )
    }
    return pipe(
      TE.fromEither(attempt(() => checkChunk(chunk))),
      TE.flatMap(() => begun),
      TE.bindTo('first'),
      TE.bind('ready', ({ first }) => compiled(first)),
      TE.flatMap(({ first, ready }) => loop(Math.ceil(method.steps / chunk), onward(ready))(first)),
      TE.flatMap(ended)
    )
  }

const runOf = (
  kept: Concrete<Candidate>,
  losses: readonly NdArray[],
  margins: readonly NdArray[],
  faults: Pick<Run, 'zeroGradients' | 'nonFiniteGradients'>,
  key: HostKey,
  executed: Executed
): Run => {
  const rows = belowEachOther(margins)
  return {
    x: kept.x,
    success: kept.broken,
    firstSuccess: firstSuccessOf(rows),
    loss: kept.loss,
    margin: kept.margin,
    losses: belowEachOther(losses),
    margins: rows,
    ...faults,
    key,
    executed
  }
}
