import * as base from '../attack/index.js'
import { unwrap } from '../core/unwrap.js'
import type { Runner } from '../graph/runner.js'
import type { Specs } from '../graph/spec.js'
import type { Model } from '../nn/model.js'
import { unwrapped, unwrapped3 } from './unwrapped.js'

export * from '../attack/index.js'

export const audit = unwrapped3(base.audit)
export const evaluate = unwrapped3(base.evaluate)
export const overEpsilon = unwrapped3(base.overEpsilon)
export const overSteps = unwrapped3(base.overSteps)

export const run = (...args: Parameters<typeof base.run>) => unwrapped3(base.run(...args))

export const prepare =
  (...args: Parameters<typeof base.prepare>) =>
  <P>(model: Model<P>) =>
  (params: Specs<P>, batch: Specs<base.AttackBatch>) =>
  async (runner: Runner) =>
    unwrapped(await unwrap(base.prepare(...args)(model)(params, batch)(runner)))
