import { compile, type Concrete, type Specs } from 'tangentflow'
import { right } from './lesson.js'
import { referenceEngine } from './reference.js'

/** A function traced and optimised once, which the float64 loops of `reference` then run as often as a figure needs. */
export const compiled = async <Args extends readonly unknown[], Out>(
  f: (...args: Args) => Out,
  specs: Specs<Args>
): Promise<(...args: Concrete<Args>) => Promise<Concrete<Out>>> => {
  const program = right(await compile(await referenceEngine())(f, specs)())
  return async (...args) => right(await program(...args)()).value
}
