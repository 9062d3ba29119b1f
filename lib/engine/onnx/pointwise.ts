import { scalar } from '../../core/ndarray.js'
import type { PointwiseName } from '../../graph/primitives/pointwise.js'
import type { Builder, Value } from './builder.js'
import { asBool, asFloat, broadcast, one, spread } from './views.js'

/** Writes one pointwise function; arguments broadcast, so repeated axes of all of them stay repeated in the result. */
type LowerPointwise = (build: Builder, args: readonly Value[]) => Value

const operator =
  (type: 'float' | 'bool') =>
  (op: string): LowerPointwise =>
  (build, args) => {
    const dims = broadcast(args)
    return one(
      build,
      op,
      args.map((arg) => spread(build, asFloat(build, arg), dims)),
      dims,
      {},
      type
    )
  }

const float = operator('float')
const comparison = operator('bool')

/** max(x, 0) is Relu, which ONNX Runtime can fuse into the product before it. Both keep NaN. */
const max: LowerPointwise = (build, args) => {
  const zero = args.findIndex((arg) => build.uniform(arg) === 0)
  return zero < 0 ? float('Max')(build, args) : float('Relu')(build, [args[1 - zero]!])
}

/**
 * 0 < x is 0 < max(x, 0), which is at hand where x went through a ReLU: then nothing else reads x, and ONNX Runtime can
 * fuse the ReLU into what gives x.
 */
const less: LowerPointwise = (build, args) => {
  const [a, b] = args
  const rectified = build.uniform(a!) === 0 ? build.emitted('Relu', [b!]) : undefined
  return comparison('Less')(build, rectified === undefined ? args : [a!, rectified])
}

/** A bool chooses as it is; a comparison that only serves a choice is never made a float. */
const select: LowerPointwise = (build, args) => {
  const [condition, a, b] = args
  const dims = broadcast(args)
  const operands = [asBool(build, condition!), asFloat(build, a!), asFloat(build, b!)]
  return one(
    build,
    'Where',
    operands.map((operand) => spread(build, operand, dims)),
    dims
  )
}

/** An operator on floats of equal sizes, or numbers. */
const apply = (build: Builder, op: string, ...args: readonly (Value | number)[]): Value =>
  one(
    build,
    op,
    args.map((arg) => (typeof arg === 'number' ? build.floats(scalar(arg)) : arg)),
    broadcast(args.filter((arg) => typeof arg !== 'number'))
  )

/** One function where |x| < ½, another elsewhere. */
const nearZero =
  (near: (build: Builder, x: Value) => Value, far: (build: Builder, x: Value) => Value): LowerPointwise =>
  (build, [arg]) => {
    const x = asFloat(build, arg!)
    const isNear = one(build, 'Less', [apply(build, 'Abs', x), build.floats(scalar(0.5))], x.dims, {}, 'bool')
    return one(build, 'Where', [isNear, near(build, x), far(build, x)], x.dims)
  }

/** eˣ − 1, of which ONNX has no operator: near 0 it is 2t / (1 − t) for t = tanh(x / 2), where nothing cancels. */
const expm1 = nearZero(
  (build, x) => {
    const t = apply(build, 'Tanh', apply(build, 'Mul', x, 0.5))
    return apply(build, 'Div', apply(build, 'Add', t, t), apply(build, 'Sub', 1, t))
  },
  (build, x) => apply(build, 'Sub', apply(build, 'Exp', x), 1)
)

/** log(1 + x): near 0 it is 2 artanh(x / (x + 2)). */
const log1p = nearZero(
  (build, x) => {
    const a = apply(build, 'Atanh', apply(build, 'Div', x, apply(build, 'Add', x, 2)))
    return apply(build, 'Add', a, a)
  },
  (build, x) => apply(build, 'Log', apply(build, 'Add', x, 1))
)

/** The pointwise column of the ONNX table. */
export const pointwise: { readonly [F in PointwiseName]: LowerPointwise } = {
  neg: float('Neg'),
  exp: float('Exp'),
  log: float('Log'),
  expm1,
  log1p,
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
  less,
  lessEqual: comparison('LessOrEqual'),
  equal: comparison('Equal'),
  select
}
