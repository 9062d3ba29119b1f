import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type TangentError, tangentError } from '../core/error.js'
import { graphKey, inputName } from '../graph/graph.js'
import type { Program, Runner } from '../graph/runner.js'
import { type Concrete, hostLeaves, type Specs, specsOf } from '../graph/spec.js'
import { attempt, trace, type Traced, unflattenOut } from '../graph/trace.js'
import { optimise } from '../optimise/index.js'
import { type Backend, type Engine, type EngineName, type Executable, unrolls } from './engine.js'
import { gate } from './gate.js'
import { type Plan, planOf } from './plan.js'

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
    begin(
      pipe(
        TE.fromEither(attempt(() => plan.feed(hostLeaves('run', args, graph.inputs.map(inputName))))),
        TE.flatMap(executable.run),
        TE.map((values) => ({
          value: unflattenOut<Concrete<Out>>(out, values),
          executed: executable.executed
        }))
      )
    )

const closed = (operation: string, name: EngineName): TangentError =>
  tangentError('EngineError', operation, 'an open engine', `${name}, which was disposed`)

/** An engine from a backend: tracing, optimising and the cache of programs are the same for all. */
export const engineOf = (name: EngineName, backend: Backend): Engine => {
  const cache: Cache = new Map()
  const { through, close } = gate()
  const whileOpen =
    (operation: string) =>
    <A>(task: TE.TaskEither<TangentError, A>): TE.TaskEither<TangentError, A> =>
      through(task, () => closed(operation, name))
  const loadTraced = <Args extends readonly unknown[], Out>(
    traced: Traced<Args, Out>
  ): TE.TaskEither<TangentError, Program<Args, Out>> =>
    pipe(
      load(backend, cache, graphKey(traced.graph), () => planOf(optimise(traced.graph))),
      TE.map((loaded) => programOf(traced, loaded, whileOpen('run')))
    )
  const giveBack = async (): Promise<void> => {
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
    unroll: unrolls[name],
    programs: () => cache.size,
    held: () => ({ programs: cache.size, ...backend.held() }),
    compile: (f, specs) => pipe(TE.fromEither(trace(f, specs)), TE.flatMap(loadTraced), whileOpen('compile')),
    dispose: () => (disposing ??= giveBack())
  }
}

/**
 * Compiles a traced function for an engine: `compile(engine)(f, specs)`. Every shape error is found here, before
 * anything runs; equal functions are compiled once.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import * as TE from 'fp-ts/lib/TaskEither.js'
 * import { compile, grad, ndarray, ops, spec, type Tensor, withEngine } from 'tangentflow'
 *
 * const energy = (x: Tensor) => ops.sum()(ops.square(x))
 * const result = await withEngine({ require: 'reference' })((engine) =>
 *   pipe(
 *     compile(engine)(grad(energy), [spec([3])]),
 *     TE.flatMap((run) => run(ndarray.fromNested([1, 2, 3])))
 *   )
 * )()
 * assert.ok(E.isRight(result))
 * assert.deepEqual(ndarray.toNested(result.right.value), [2, 4, 6])
 * assert.equal(result.right.executed.engine, 'reference')
 */
export const compile =
  (runner: Runner) =>
  <Args extends readonly unknown[], Out>(
    f: (...args: Args) => Out,
    specs: Specs<Args>
  ): TE.TaskEither<TangentError, Program<Args, Out>> =>
    runner.compile(f, specs)

/** Compiles a function for the shapes of concrete arguments and runs it once: `run(engine)(f)(...args)`. */
export const run =
  (runner: Runner) =>
  <Args extends readonly unknown[], Out>(f: (...args: Args) => Out): Program<Args, Out> =>
  (...args) =>
    pipe(
      TE.fromEither(attempt(() => specsOf<Args>('run', args))),
      TE.flatMap((specs) => runner.compile(f, specs)),
      TE.flatMap((program) => program(...args))
    )
