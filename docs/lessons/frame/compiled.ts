import { compile, type Concrete, type Engine, openEngine, type Specs } from 'tangentflow'
import { right } from './lesson.js'

let engine: Promise<Engine> | undefined

/** A function traced and optimised once, which the float64 loops of `reference` then run as often as a figure needs. */
export const compiled = async <Args extends readonly unknown[], Out>(
  f: (...args: Args) => Out,
  specs: Specs<Args>
): Promise<(...args: Concrete<Args>) => Promise<Concrete<Out>>> => {
  engine ??= openEngine({ require: 'reference' })().then(right)
  const program = right(await compile(await engine)(f, specs)())
  return async (...args) => right(await program(...args)()).value
}
