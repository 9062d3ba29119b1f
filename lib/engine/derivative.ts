import type * as E from 'fp-ts/lib/Either.js'
import type { TangentError } from '../core/error.js'
import { leaves, rebuild } from '../core/tree.js'
import { vjp } from '../diff/index.js'
import { isKey, type Key } from '../graph/key.js'
import { spec, type Specs } from '../graph/spec.js'
import { isTensor, type Tensor } from '../graph/tensor.js'
import { trace, type Traced } from '../graph/trace.js'

const isArgument = (value: unknown): value is Tensor | Key => isTensor(value) || isKey(value)

/** A function's arguments, and one cotangent for each of its results. */
type Point<Args> = readonly [args: Args, cotangents: readonly Tensor[]]

/**
 * The transposed derivative of a whole traced function as a function of its own: from its arguments and a cotangent for
 * each result to a cotangent for each tensor among the arguments. Keys are held fixed.
 */
export const traceDerivative = <Args extends readonly unknown[], Out>(
  f: (...args: Args) => Out,
  { args, graph }: Traced<Args, Out>
): E.Either<TangentError, Traced<Point<Args>, readonly Tensor[]>> => {
  const pull = (symbols: Args, cotangents: readonly Tensor[]): readonly Tensor[] => {
    const found = leaves('explain', isArgument, symbols).map(({ value }) => value)
    const results = (tensors: readonly Tensor[]): readonly Tensor[] => {
      const rest = [...tensors]
      const moved = found.map((leaf) => (isTensor(leaf) ? rest.shift() : leaf))
      const out = f(...rebuild<Tensor | Key, Args>('explain', isArgument, symbols, moved))
      return leaves('explain', isTensor, out).map(({ value }) => value)
    }
    return vjp(results)(found.filter(isTensor))[1](cotangents)
  }
  const cotangents = graph.outputs.map(({ shape }) => spec(shape))
  return trace<Point<Args>, readonly Tensor[]>(pull, [args, cotangents] as Specs<Point<Args>>)
}
