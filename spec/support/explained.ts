import { explain, type Explanation } from 'tangentflow'
import { right } from './either.js'

/** A function at every stage; a refusal fails the spec. */
export const explained = <Args extends readonly unknown[], Out>(
  ...args: Parameters<typeof explain<Args, Out>>
): Explanation => right(explain(...args))
