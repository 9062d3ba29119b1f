import type { Either } from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { isEither, settled } from './entry.js'
import { fail, getOrThrow, showValue, type TangentError } from './error.js'

/**
 * Runs an effect of the library as a promise of its value, which rejects with a `TangentFailure` where the effect
 * fails, or takes the value of an Either, whose error is thrown likewise: for scripts that import nothing of fp-ts. The
 * `error` of the failure is the {@link TangentError}.
 *
 * @example
 * import assert from 'node:assert'
 * import { data, grad, key, nn, ops, spec, TangentFailure, type Tensor, trace, train, unwrap, withEngine } from 'tangentflow'
 *
 * const net = nn.serial(nn.dense(10))
 * const recipe = { epochs: 1, batch: 8, optimiser: train.sgd, schedule: train.schedule.constant(0.1) }
 * const examples = data.take([0, 1, 2, 3, 4, 5, 6, 7])(data.digits())
 * const { losses } = await unwrap(
 *   withEngine()(train.fit(net.apply, recipe)(net.init(key(0), [64]), examples, key(1)))
 * )
 * assert.equal(losses.length, 1)
 *
 * const { graph } = unwrap(trace(grad((x: Tensor) => ops.sum()(ops.square(x))), [spec([3])]))
 * assert.deepEqual(graph.outputs[0]?.shape, [3])
 * assert.throws(() => unwrap(trace((x: Tensor) => ops.sum(5)(x), [spec([3])])), TangentFailure)
 */
export function unwrap<A>(effect: TaskEither<TangentError, A>): Promise<A>
export function unwrap<A>(either: Either<TangentError, A>): A
export function unwrap<A>(effect: TaskEither<TangentError, A> | Either<TangentError, A>): Promise<A> | A {
  if (typeof effect === 'function') return settled('unwrap', effect)().then(getOrThrow)
  return isEither(effect)
    ? getOrThrow(effect)
    : fail('ArgumentError', 'unwrap', 'an effect or an Either of the library', showValue(effect))
}
