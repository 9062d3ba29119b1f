import type { PointwiseName } from '../../graph/op.js'
import type { Builder, Value } from './builder.js'
import { asBool, asFloat, broadcast, one } from './views.js'

/** Writes one pointwise function; arguments broadcast, so repeated axes of all of them stay repeated in the result. */
type LowerPointwise = (build: Builder, args: readonly Value[]) => Value

const operator =
  (type: 'float' | 'bool') =>
  (op: string): LowerPointwise =>
  (build, args) =>
    one(
      build,
      op,
      args.map((arg) => asFloat(build, arg)),
      broadcast(args),
      {},
      type
    )

const float = operator('float')
const comparison = operator('bool')

/** max(x, 0) is Relu, which ONNX Runtime can fuse into the product before it. Both keep NaN. */
const max: LowerPointwise = (build, args) => {
  const zero = args.findIndex((arg) => build.uniform(arg) === 0)
  return zero < 0 ? float('Max')(build, args) : float('Relu')(build, [args[1 - zero]!])
}

/** A bool chooses as it is; a comparison that only serves a choice is never made a float. */
const select: LowerPointwise = (build, args) => {
  const [condition, a, b] = args
  return one(
    build,
    'Where',
    [asBool(build, condition!), asFloat(build, a!), asFloat(build, b!)],
    broadcast(args)
  )
}

/** The pointwise column of the ONNX table. */
export const pointwise: { readonly [F in PointwiseName]: LowerPointwise } = {
  neg: float('Neg'),
  exp: float('Exp'),
  log: float('Log'),
  sqrt: float('Sqrt'),
  tanh: float('Tanh'),
  sin: float('Sin'),
  cos: float('Cos'),
  erf: float('Erf'),
  sign: float('Sign'),
  abs: float('Abs'),
  floor: float('Floor'),
  add: float('Add'),
  sub: float('Sub'),
  div: float('Div'),
  max,
  min: float('Min'),
  pow: float('Pow'),
  less: comparison('Less'),
  lessEqual: comparison('LessOrEqual'),
  equal: comparison('Equal'),
  select
}
