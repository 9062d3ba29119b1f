import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { Task } from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { settled } from '../core/entry.js'
import { type TangentError, tangentError } from '../core/error.js'
import { unshared } from '../core/ndarray.js'
import { leaves } from '../core/tree.js'
import { graphKey, inputName } from '../graph/graph.js'
import type { Executed, Program, Resident, Runner } from '../graph/runner.js'
import { type Concrete, hostLeaves, type Specs } from '../graph/spec.js'
import { isTensor } from '../graph/tensor.js'
import { attempt, trace, type Traced, unflattenOut } from '../graph/trace.js'
import { optimise } from '../optimise/index.js'
import type { Backend, Executable, Resources } from './backend.js'
import { type EngineName, engines } from './engines.js'
import { applyLoopRule, type LoopRule, runsLoops } from './loops.js'
import { type Plan, planOf } from './plan.js'

/** An open engine. */
export interface Engine extends Runner {
  /** The name by which it was opened. */
  readonly name: EngineName
  /** Who computes: engine, backend and threads. */
  readonly describe: Executed
  /** The number of programs held ready. */
  readonly programs: () => number
  /** All resources in use, programs included: a count that does not return to where it was is a leak. */
  readonly held: () => Resources
  /** Lets runs that have begun end, refuses all others, and releases everything. */
  readonly dispose: Task<void>
}

/** Starts tasks as long as it is open, and waits for those that have started when it closes. */
const lifecycle = () => {
  const running = new Set<Promise<unknown>>()
  let isOpen = true
  return {
    /** The task, refused if the lifecycle has ended by the time it is to begin. */
    whileOpen:
      <A>(
        task: TE.TaskEither<TangentError, A>,
        refusal: () => TangentError
      ): TE.TaskEither<TangentError, A> =>
      async () => {
        if (!isOpen) return E.left(refusal())
        const begun = task()
        running.add(begun)
        try {
          return await begun
        } finally {
          running.delete(begun)
        }
      },
    /** Refuses all that has not begun, and waits for the rest. */
    close: async (): Promise<void> => {
      isOpen = false
      await Promise.allSettled(running)
    }
  }
}

/** A plan that is loaded, ready for any function with the same structure. */
interface Loaded {
  readonly plan: Plan
  readonly executable: Executable
}

type Cache = Map<string, Promise<E.Either<TangentError, Loaded>>>

const load = (
  backend: Backend,
  cache: Cache,
  key: string,
  plan: () => Plan
): TE.TaskEither<TangentError, Loaded> => {
  const known = cache.get(key)
  if (known !== undefined) return () => known
  const loading = pipe(
    TE.fromEither(attempt(plan)),
    TE.flatMap((ready) =>
      pipe(
        backend.load(ready),
        TE.map((executable) => ({ plan: ready, executable }))
      )
    )
  )
  return () => {
    const running = cache.get(key) ?? loading()
    cache.set(key, running)
    return running.then((result) => {
      if (E.isLeft(result)) cache.delete(key)
      return result
    })
  }
}

const programOf =
  <Args extends readonly unknown[], Out>(
    { graph, out }: Traced<Args, Out>,
    { plan, executable }: Loaded,
    begin: <A>(run: TE.TaskEither<TangentError, A>) => TE.TaskEither<TangentError, A>
  ): Program<Args, Out> =>
  (...args) =>
    settled('run', () =>
      begin(
        pipe(
          TE.fromEither(attempt(() => plan.feed(hostLeaves('run', args, graph.inputs.map(inputName))))),
          TE.flatMap((inputs) =>
            pipe(
              executable.run(inputs),
              TE.map((values) => ({
                value: unflattenOut<Concrete<Out>>(out, unshared(values, inputs)),
                executed: executable.executed
              }))
            )
          )
        )
      )()
    )

const residentOf =
  <State, In, Out>(
    { graph, out: [state, out] }: Traced<readonly [State, In], readonly [State, Out]>,
    { plan, executable: { executed, resident } }: Loaded,
    begin: <A>(run: TE.TaskEither<TangentError, A>) => TE.TaskEither<TangentError, A>
  ): Resident<State, In, Out> =>
  (from, inputs) =>
    settled('run', () => {
      const names = graph.inputs.map(inputName)
      const feeds = () => inputs.map((input) => plan.feed(hostLeaves('run', [from, input], names)))
      return begin(
        pipe(
          TE.fromEither(attempt(feeds)),
          TE.flatMap((calls) =>
            pipe(
              resident!(leaves('run', isTensor, state).length, calls),
              TE.map(({ last, each }) => ({
                value: [
                  unflattenOut<Concrete<State>>(state, last),
                  each.map((values) => unflattenOut<Concrete<Out>>(out, values))
                ] as const,
                executed
              }))
            )
          )
        )
      )()
    })

const closed = (operation: string, name: EngineName): TangentError =>
  tangentError('EngineError', operation, 'an open engine', `${name}, which was disposed`)

/**
 * An engine from a backend: tracing, optimising and the cache of programs are the same for all.
 *
 * @defaultValue `loops` is the rule of the engine's row
 */
export const engineOf = (
  name: EngineName,
  backend: Backend,
  loops: LoopRule = engines[name].loops
): Engine => {
  const cache: Cache = new Map()
  const { whileOpen, close } = lifecycle()
  const guarded =
    (operation: string) =>
    <A>(task: TE.TaskEither<TangentError, A>): TE.TaskEither<TangentError, A> =>
      whileOpen(task, () => closed(operation, name))
  const compiled = <Args extends readonly unknown[], Out, A>(
    f: (...args: Args) => Out,
    specs: Specs<Args>,
    use: (traced: Traced<Args, Out>, loaded: Loaded, begin: ReturnType<typeof guarded>) => A
  ): TE.TaskEither<TangentError, A> =>
    settled('compile', () =>
      pipe(
        TE.fromEither(trace(f, specs)),
        TE.flatMap((traced) =>
          pipe(
            load(backend, cache, graphKey(traced.graph), () =>
              planOf(optimise(applyLoopRule(loops, traced.graph)))
            ),
            TE.map((loaded) => use(traced, loaded, guarded('run')))
          )
        ),
        guarded('compile')
      )()
    )
  const release = async (): Promise<void> => {
    await close()
    for (const loading of cache.values()) {
      const loaded = await loading
      if (E.isRight(loaded)) await loaded.right.executable.dispose()
    }
    cache.clear()
    await backend.dispose()
  }
  let disposing: Promise<void> | undefined
  return {
    name,
    describe: backend.executed,
    unroll: engines[name].unroll,
    loops: runsLoops(loops),
    programs: () => cache.size,
    held: () => ({ programs: cache.size, ...backend.held() }),
    compile: (f, specs) => compiled(f, specs, programOf),
    ...(backend.keepsState === true && { resident: (step, specs) => compiled(step, specs, residentOf) }),
    dispose: () => (disposing ??= release())
  }
}
