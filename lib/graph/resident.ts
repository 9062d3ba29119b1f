import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { entry } from '../core/entry.js'
import { tangentError, type TangentError } from '../core/error.js'
import { requireCarry } from './carry.js'
import { loop, type Resident, type Result, type Runner } from './runner.js'
import type { Concrete, Specs } from './spec.js'

const operation = 'resident'

/** A step on any engine: each call takes the state to where it is computed and brings it back. */
const throughHost =
  <State, In, Out>(
    step: (state: State, input: In) => readonly [State, Out],
    specs: Specs<readonly [State, In]>
  ) =>
  (runner: Runner): TE.TaskEither<TangentError, Resident<State, In, Out>> =>
    pipe(
      runner.compile<readonly [State, In], readonly [State, Out]>(step, specs),
      TE.map((program) => (state, inputs) => {
        type At = Result<readonly [Concrete<State>, readonly Concrete<Out>[]]>
        const take = (i: number, from: Concrete<State>, before: readonly Concrete<Out>[]) =>
          pipe(
            program(from, inputs[i]!),
            TE.map(({ value: [to, out], executed }): At => ({ value: [to, [...before, out]], executed }))
          )
        return pipe(
          take(0, state, []),
          TE.flatMap(loop(inputs.length - 1, (i, { value: [at, before] }: At) => take(i + 1, at, before)))
        )
      })
    )

/** Refuses a run without a step, which nothing would have computed. */
const requireInputs =
  <State, In, Out>(run: Resident<State, In, Out>): Resident<State, In, Out> =>
  (state, inputs) =>
    inputs.length > 0
      ? run(state, inputs)
      : TE.left(tangentError('ArgumentError', operation, 'the inputs of one step or more', 'none'))

/**
 * Compiles a step that is called on its own state, time and again: `resident(engine)(step, specs)`, of a step as the body of
 * `ops.scan`, from a state and what comes in to the next state and what goes out. The program takes a state and the inputs of one
 * step and more, and gives the state after the last and what each step gave. Where the engine can (`onnx:webgpu`), the state
 * goes to its device once and comes back once, and inputs that are the same arrays in every step go there once; elsewhere it is
 * a loop of calls. The numbers are those of the calls, to the bit.
 *
 * Errors: those of `compile`; a state that changes its shape is a ShapeError, one of another form a TreeError; no step an
 * ArgumentError.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import * as TE from 'fp-ts/lib/TaskEither.js'
 * import { ndarray, ops, resident, spec, type Tensor, withEngine } from 'tangentflow'
 *
 * const balance = (sum: Tensor, x: Tensor) => [ops.add(x)(sum), ops.square(sum)] as const
 * const result = await withEngine({ require: 'reference' })((engine) =>
 *   pipe(
 *     resident(engine)(balance, [spec([]), spec([])]),
 *     TE.flatMap((run) => run(ndarray.scalar(1), [2, 3, 4].map(ndarray.scalar)))
 *   )
 * )()
 * assert.ok(E.isRight(result))
 * const [last, before] = result.right.value
 * assert.equal(ndarray.toNumber(last), 10)
 * assert.deepEqual(before.map(ndarray.toNumber), [1, 9, 36])
 */
export const resident = entry(
  operation,
  'TaskEither',
  2,
  (runner: Runner) =>
    <State, In, Out>(
      step: (state: State, input: In) => readonly [State, Out],
      specs: Specs<readonly [State, In]>
    ): TE.TaskEither<TangentError, Resident<State, In, Out>> => {
      const kept = (state: State, input: In): readonly [State, Out] => {
        const next = step(state, input)
        requireCarry(operation, 'state', state, next[0])
        return next
      }
      return pipe(runner.resident?.(kept, specs) ?? throughHost(kept, specs)(runner), TE.map(requireInputs))
    }
)
