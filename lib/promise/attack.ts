import * as base from '../attack/index.js'
import { unwrap } from '../core/unwrap.js'
import type { Runner } from '../graph/runner.js'
import type { Specs } from '../graph/spec.js'
import type { Model } from '../nn/model.js'
import { unwrapped, unwrapped3 } from './unwrapped.js'

export * from '../attack/index.js'

/** As {@link base.audit}, with a promise of what it gives. */
export const audit = unwrapped3(base.audit)

/** As {@link base.evaluate}, with a promise of what it gives. */
export const evaluate = unwrapped3(base.evaluate)

/** As {@link base.overEpsilon}, with a promise of what it gives. */
export const overEpsilon = unwrapped3(base.overEpsilon)

/** As {@link base.overSteps}, with a promise of what it gives. */
export const overSteps = unwrapped3(base.overSteps)

/** As {@link base.run}, with a promise of what it gives. */
export const run = (...args: Parameters<typeof base.run>) => unwrapped3(base.run(...args))

/** As {@link base.prepare}, with a promise of an attack whose runs are promises. */
export const prepare =
  (...args: Parameters<typeof base.prepare>) =>
  <P>(model: Model<P>) =>
  (params: Specs<P>, batch: Specs<base.AttackBatch>) =>
  async (runner: Runner) =>
    unwrapped(await unwrap(base.prepare(...args)(model)(params, batch)(runner)))
