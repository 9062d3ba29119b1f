/**
 * `tangentflow/promise`: everything of `tangentflow` by the same names, for scripts that import nothing of fp-ts. A function
 * whose result there is an effect gives a promise here, which rejects with a `TangentFailure`; one whose result is an Either
 * gives its value or throws. A namespace that has such functions is a file of its own here, and a spec holds that none is
 * missing: add a line for a new one.
 *
 * @module tangentflow/promise
 */
import { unwrap } from '../core/unwrap.js'
import type { Runner } from '../graph/runner.js'
import type { Specs } from '../graph/spec.js'
import * as base from '../index.js'
import { unwrapped, unwrapped2 } from './unwrapped.js'

export * from '../index.js'
export * as attack from './attack.js'
export * as checkpoint from './checkpoint.js'
export * as data from './data.js'
export * as format from './format.js'
export * as mask from './mask.js'
export * as ntk from './ntk.js'
export * as plot from './plot.js'
export * as train from './train.js'
export { effect } from './unwrapped.js'

/** As {@link base.engineName}, with the value: a Left is thrown. */
export const engineName = unwrapped(base.engineName)

/** As {@link base.evaluate}, with the value: a Left is thrown. */
export const evaluate = unwrapped2(base.evaluate)

/** As {@link base.explain}, with the value: a Left is thrown. */
export const explain = unwrapped(base.explain)

/** As {@link base.exportOnnx}, with the value: a Left is thrown. */
export const exportOnnx = unwrapped(base.exportOnnx)

/** As {@link base.openEngine}, with a promise of what it gives. */
export const openEngine = unwrapped(base.openEngine)

/** As {@link base.trace}, with the value: a Left is thrown. */
export const trace = unwrapped(base.trace)

/** As {@link base.compile}, with a promise of a program whose runs are promises. */
export const compile =
  (runner: Runner) =>
  async <Args extends readonly unknown[], Out>(f: (...args: Args) => Out, specs: Specs<Args>) =>
    unwrapped(await unwrap(base.compile(runner)(f, specs)))

/** As {@link base.resident}, with a promise of a program whose runs are promises. */
export const resident =
  (runner: Runner) =>
  async <State, In, Out>(
    step: (state: State, input: In) => readonly [State, Out],
    specs: Specs<readonly [State, In]>
  ) =>
    unwrapped(await unwrap(base.resident(runner)(step, specs)))

/** As {@link base.run}, with a program whose runs are promises. */
export const run =
  (runner: Runner) =>
  <Args extends readonly unknown[], Out>(f: (...args: Args) => Out) =>
    unwrapped(base.run(runner)(f))

/** As {@link base.withEngine}, for a function that gives a promise; the engine is disposed of once that is settled. */
export const withEngine =
  (options?: base.EngineOptions) =>
  async <A>(use: (engine: base.Engine) => Promise<A>): Promise<A> => {
    const engine = await openEngine(options)
    try {
      return await use(engine)
    } finally {
      await engine.dispose()
    }
  }
