import { type EngineName, run } from '../../lib/engine/index.js'
import { right } from './either.js'
import { givesInfinities } from './infinities.js'
import { isOptional, openedEngine } from './opened-engine.js'
import { isSmooth } from './smooth.js'

/** Digits of float64 to which the closed forms themselves are right. */
export const float64 = 50

/** Holds an engine to the tables of closed forms and of infinities. */
export const keepsNumbers = (name: EngineName): void => {
  const engine = openedEngine(name)
  isSmooth(async (f, x) => right(await run(engine())(f)(x)()).value, name === 'reference' ? float64 : 24)
  givesInfinities(async (f, args) => right(await run(engine())(f)(...args)()).value, isOptional(name))
}
