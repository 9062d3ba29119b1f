import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { entry } from '../core/entry.js'
import type { TangentError } from '../core/error.js'
import type { Program, Runner } from '../graph/runner.js'
import { type Specs, specsOf } from '../graph/spec.js'
import { attempt } from '../graph/trace.js'

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
export const compile = entry(
  'compile',
  'TaskEither',
  2,
  (runner: Runner) =>
    <Args extends readonly unknown[], Out>(
      f: (...args: Args) => Out,
      specs: Specs<Args>
    ): TE.TaskEither<TangentError, Program<Args, Out>> =>
      runner.compile(f, specs)
)

/** Compiles a function for the shapes of concrete arguments and runs it once: `run(engine)(f)(...args)`. */
export const run = entry(
  'run',
  'TaskEither',
  3,
  (runner: Runner) =>
    <Args extends readonly unknown[], Out>(f: (...args: Args) => Out): Program<Args, Out> =>
    (...args) =>
      pipe(
        TE.fromEither(attempt(() => specsOf<Args>('run', args))),
        TE.flatMap((specs) => runner.compile(f, specs)),
        TE.flatMap((program) => program(...args))
      )
)
