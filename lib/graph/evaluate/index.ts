import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { getOrThrow, type TangentError } from '../../core/error.js'
import { type Concrete, hostLeaves, specsOf } from '../spec.js'
import { attempt, trace, unflattenOut } from '../trace.js'
import { evaluateGraph } from './evaluate.js'

/**
 * Traces a function on the shapes of concrete arguments and evaluates it at once in float64, on the host, without an
 * engine: for lessons, laws and small numbers.
 */
export const evaluate =
  <Args extends readonly unknown[], Out>(f: (...args: Args) => Out) =>
  (...args: Concrete<Args>): E.Either<TangentError, Concrete<Out>> =>
    pipe(
      attempt(() => specsOf<Args>('evaluate', args)),
      E.flatMap((specs) => trace(f, specs)),
      E.flatMap(({ graph, out }) =>
        attempt(() => unflattenOut<Concrete<Out>>(out, evaluateGraph(graph, hostLeaves('evaluate', args))))
      )
    )

/** As {@link evaluate}, for the console and for tests: a refusal is thrown as a TangentFailure. */
export const evaluateOn =
  <Args extends readonly unknown[], Out>(f: (...args: Args) => Out) =>
  (...args: Concrete<Args>): Concrete<Out> =>
    getOrThrow(evaluate(f)(...args))
