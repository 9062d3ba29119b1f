import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { TangentError } from '../core/error.js'
import type { HostKey } from '../core/key.js'
import type { NdArray } from '../core/ndarray.js'
import { rebuild } from '../core/tree.js'
import { fold, type Key } from '../graph/key.js'
import { loop } from '../graph/loop.js'
import { ops } from '../graph/ops/index.js'
import type { Executed, Program, Runner } from '../graph/runner.js'
import { type Concrete, keySpec, spec, type Specs } from '../graph/spec.js'
import { isTensor, type Tensor } from '../graph/tensor.js'
import { attempt, trace } from '../graph/trace.js'
import * as tree from '../graph/tree.js'
import type { Model } from '../nn/model.js'
import type { Attacked, Samples } from './attack.js'
import type { Method } from './method.js'
import { advance, begin, finish, type Progress } from './progress.js'
import {
  allBroken,
  belowEachOther,
  checkChunk,
  type Chunked,
  firstSuccessOf,
  type PreparedAttack,
  prepareWhole,
  type Run
} from './run.js'
import type { Candidate } from './task.js'

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

type Programs<P, M, C> = ReturnType<typeof programsOf<P, M, C>>
type Compiled<F> = F extends (...args: infer Args) => infer Out ? Program<Args, Out> : never

/** The programs of a method, compiled; those of some steps by their number. */
interface Ready<P, M, C> {
  readonly start: Compiled<Programs<P, M, C>['start']>
  readonly steps: ReadonlyMap<number, Compiled<Programs<P, M, C>['steps']>>
  readonly end: Compiled<Programs<P, M, C>['end']>
}

/** The shapes of the state that a method starts from, and so of every state. */
const stateSpecs = <P, M, C>(
  { start }: Programs<P, M, C>,
  params: Specs<P>,
  batch: Specs<Samples>
): TE.TaskEither<TangentError, Specs<Progress<M>>> =>
  pipe(
    TE.fromEither(trace(start, [params, batch, keySpec])),
    TE.map(({ out }) =>
      rebuild<unknown, Specs<Progress<M>>>(
        'attack.prepare',
        isTensor,
        out,
        tree.tensors(out).map(({ shape }) => spec(shape))
      )
    )
  )

const compileAll = <P, M, C>(
  runner: Runner,
  programs: Programs<P, M, C>,
  { steps, control }: Method<M, C>,
  chunk: number,
  params: Specs<P>,
  batch: Specs<Samples>
): TE.TaskEither<TangentError, Ready<P, M, C>> =>
  pipe(
    TE.Do,
    TE.bind('state', () => stateSpecs(programs, params, batch)),
    TE.bind('start', () => runner.compile(programs.start, [params, batch, keySpec])),
    TE.bind('steps', ({ state }) =>
      pipe(
        // the chunk's length, and what is left at the end
        [...new Set([chunk, steps % chunk || chunk])],
        TE.traverseSeqArray((length) => {
          const places = Array.from({ length }, (_, i) => i)
          const controls = places.map((i): Specs<C> => control(i))
          return pipe(
            runner.compile(programs.steps, [
              params,
              batch,
              keySpec,
              state,
              controls,
              places.map(() => keySpec)
            ]),
            TE.map((program) => [length, program] as const)
          )
        }),
        TE.map((pairs) => new Map(pairs))
      )
    ),
    TE.bind('end', ({ state: { point, best } }) =>
      runner.compile(programs.end, [params, batch, keySpec, { point, best }])
    )
  )

/** A run between two programs. */
interface Reached<M> {
  readonly steps: number
  readonly state: Concrete<Progress<M>>
  readonly losses: readonly NdArray[]
  readonly margins: readonly NdArray[]
  readonly executed: Executed
}

const runOf = (
  kept: Concrete<Candidate>,
  { state: { zeroGradients, nonFiniteGradients }, losses, margins, executed }: Reached<unknown>,
  key: HostKey
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
    zeroGradients,
    nonFiniteGradients,
    key,
    executed
  }
}

/** The compiled programs one after the other. */
const sequence =
  <P, M, C>(method: Method<M, C>, chunk: number, ready: Ready<P, M, C>): PreparedAttack<P> =>
  (params, batch, key) => {
    const isOver = ({ state, steps }: Reached<M>): boolean =>
      method.freeze && steps > 0 && allBroken(state.best.broken)

    const begun = pipe(
      ready.start(params, batch, key),
      TE.map(({ value, executed }): Reached<M> => ({
        steps: 0,
        state: value,
        losses: [],
        margins: [],
        executed
      }))
    )
    const onward = (_: number, from: Reached<M>): TE.TaskEither<TangentError, Reached<M>> => {
      if (isOver(from)) return TE.right(from)
      const length = Math.min(chunk, method.steps - from.steps)
      const places = Array.from({ length }, (_step, i) => from.steps + i)
      const keys = places.map((step) => fold(step)(key))
      return pipe(
        ready.steps.get(length)!(params, batch, key, from.state, places.map(method.control), keys),
        TE.map(({ value, executed }) => ({
          steps: from.steps + length,
          state: value.to,
          losses: [...from.losses, value.losses],
          margins: [...from.margins, value.margins],
          executed
        }))
      )
    }
    const ended = (from: Reached<M>): TE.TaskEither<TangentError, Run> => {
      const { point, best } = from.state
      return isOver(from)
        ? TE.right(runOf(best, from, key))
        : pipe(
            ready.end(params, batch, key, { point, best }),
            TE.map(({ value: { kept, losses, margins } }) =>
              runOf(
                kept,
                { ...from, losses: [...from.losses, losses], margins: [...from.margins, margins] },
                key
              )
            )
          )
    }
    return pipe(begun, TE.flatMap(loop(Math.ceil(method.steps / chunk), onward)), TE.flatMap(ended))
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
  (params: Specs<P>, batch: Specs<Samples>) =>
  (runner: Runner): TE.TaskEither<TangentError, PreparedAttack<P>> =>
    pipe(
      TE.fromEither(attempt(() => checkChunk(chunk))),
      TE.flatMap(() =>
        method.steps > chunk
          ? pipe(
              compileAll(runner, programsOf(model, method), method, chunk, params, batch),
              TE.map((ready) => sequence(method, chunk, ready))
            )
          : prepareWhole(whole)(model)(params, batch)(runner)
      )
    )
