import { elementary, ERFC_TAIL } from '../../../kernels/elementary.js'
import type { ScalarFunction } from '../../../kernels/kernel.js'
import type { PointwiseName } from '../../graph/primitives/pointwise.js'
import type { Builder, LowerOnnx, OnnxValue } from './builder.js'
import { lowerText } from './kernel-text.js'
import { asBool, asFloat, broadcast, spread } from './views.js'

/** Lowers one pointwise function; arguments broadcast, so an axis that all of them repeat stays repeated in the result. */
type LowerPointwise = (build: Builder, args: readonly OnnxValue[]) => OnnxValue

const operator =
  (op: string, type: 'float' | 'bool' = 'float'): LowerPointwise =>
  (build, args) => {
    const dims = broadcast(args)
    const operands = args.map((arg) => spread(build, asFloat(build, arg), dims))
    return build.emit(op, operands, dims, {}, type)
  }

/** max(x, 0) is Relu, which ONNX Runtime can fuse into the product before it. Both keep NaN. */
const max: LowerPointwise = (build, args) => {
  const zero = args.findIndex((arg) => build.uniform(arg) === 0)
  return zero < 0 ? operator('Max')(build, args) : operator('Relu')(build, [args[1 - zero]!])
}

/**
 * 0 < x is 0 < max(x, 0), which is there already where x went through a ReLU: then nothing else reads x, and ONNX Runtime
 * can fuse the ReLU into the operator that computes x.
 */
const less: LowerPointwise = (build, args) => {
  const [a, b] = args
  const rectified = build.uniform(a!) === 0 ? build.emitted('Relu', [b!]) : undefined
  return operator('Less', 'bool')(build, rectified === undefined ? args : [a!, rectified])
}

/** A bool chooses as it is; a comparison that only serves a choice is never made a float. */
const select: LowerPointwise = (build, [condition, a, b]) => {
  const operands = [asBool(build, condition!), asFloat(build, a!), asFloat(build, b!)]
  const dims = broadcast(operands)
  return build.emit(
    'Where',
    operands.map((operand) => spread(build, operand, dims)),
    dims
  )
}

/** Emits an operator on values of equal sizes, and numbers. */
type Emit = (op: string, ...args: readonly (OnnxValue | number)[]) => OnnxValue

/** A function of one argument, given by the operators that it emits. */
const composed =
  (
    compose: (emit: Emit, x: OnnxValue, isLess: (a: OnnxValue, b: number) => OnnxValue) => OnnxValue
  ): LowerPointwise =>
  (build, [arg]) => {
    const x = asFloat(build, arg!)
    const valueOf = (one: OnnxValue | number): OnnxValue =>
      typeof one === 'number' ? build.number(one) : one
    return compose(
      (op, ...args) => build.emit(op, args.map(valueOf), x.dims),
      x,
      (a, b) => build.emit('Less', [a, build.number(b)], x.dims, {}, 'bool')
    )
  }

type Compose = (emit: Emit, x: OnnxValue) => OnnxValue

/** One function where |x| < ½, another elsewhere. */
const nearZero = (near: Compose, far: Compose): LowerPointwise =>
  composed((emit, x, isLess) => emit('Where', isLess(emit('Abs', x), 0.5), near(emit, x), far(emit, x)))

/** eˣ − 1, for which ONNX has no operator: near 0 it is 2t / (1 − t) for t = tanh(x / 2), where nothing cancels. */
const expm1 = nearZero(
  (emit, x) => {
    const t = emit('Tanh', emit('Mul', x, 0.5))
    return emit('Div', emit('Add', t, t), emit('Sub', 1, t))
  },
  (emit, x) => emit('Sub', emit('Exp', x), 1)
)

/** log(1 + x): near 0 it is 2 artanh(x / (x + 2)). */
const log1p = nearZero(
  (emit, x) => {
    const a = emit('Atanh', emit('Div', x, emit('Add', x, 2)))
    return emit('Add', a, a)
  },
  (emit, x) => emit('Log', emit('Add', x, 1))
)

/** e^(−|x|). */
const decay: Compose = (emit, x) => emit('Exp', emit('Neg', emit('Abs', x)))

/** 1 / (1 + e^(−x)); ONNX Runtime's own Sigmoid is 0 below −18. */
const sigmoid = composed((emit, x, isLess) => {
  const e = decay(emit, x)
  return emit('Div', emit('Where', isLess(x, 0), e, 1), emit('Add', e, 1))
})

/** log(1 + eˣ) as max(x, 0) + log(1 + e^(−|x|)); ONNX Runtime's own Softplus rounds 1 + e^(−|x|). */
const softplus: LowerPointwise = (build, args) =>
  composed((emit, x) => emit('Add', emit('Relu', x), log1p(build, [decay(emit, x)])))(build, args)

/** factor · erfc(±x √power), for which ONNX has no operator, by the steps of `kernels/elementary.ts`. */
const erfcOf = (power: number, sign: 1 | -1, factor: number): LowerPointwise =>
  composed((emit, arg, isLess) => {
    const root = Math.sqrt(power)
    const x = sign === 1 ? arg : emit('Neg', arg)
    const a = emit('Min', emit('Abs', x), 10.5 / root)
    const t = emit('Div', 1, emit('Add', emit('Mul', a, 0.5 * root), 1))
    const hi = emit('Mul', emit('Floor', emit('Mul', a, 16)), 0.0625)
    const [first, ...rest] = ERFC_TAIL
    const p = rest.reduce<OnnxValue | number>((sum, c) => emit('Add', emit('Mul', t, sum), c), first)
    const product = emit('Mul', emit('Mul', emit('Sub', hi, a), power), emit('Add', hi, a))
    const head = emit('Exp', emit('Mul', emit('Mul', hi, hi), -power))
    const far = emit('Mul', emit('Mul', t, head), emit('Exp', emit('Add', product, p)))
    const sides = emit('Where', isLess(x, 0), emit('Sub', 2, far), far)
    const near = emit('Sub', 1, emit('Erf', emit('Mul', x, root)))
    return emit('Mul', emit('Where', isLess(a, 0.5 / root), near, sides), factor)
  })

const functions: { readonly [F in PointwiseName]: LowerPointwise } = {
  neg: operator('Neg'),
  exp: operator('Exp'),
  log: operator('Log'),
  expm1,
  log1p,
  sqrt: operator('Sqrt'),
  tanh: operator('Tanh'),
  sin: operator('Sin'),
  cos: operator('Cos'),
  erf: operator('Erf'),
  erfc: erfcOf(1, 1, 1),
  ndtr: erfcOf(0.5, -1, 0.5),
  sigmoid,
  softplus,
  relu: operator('Relu'),
  sign: operator('Sign'),
  abs: operator('Abs'),
  floor: operator('Floor'),
  add: operator('Add'),
  sub: operator('Sub'),
  div: operator('Div'),
  max,
  min: operator('Min'),
  pow: operator('Pow'),
  less,
  lessEqual: operator('LessOrEqual', 'bool'),
  equal: operator('Equal', 'bool'),
  gate: (build, [condition, x]) => select(build, [condition!, x!, build.number(0, x!.dims.length)]),
  select
}

/** A function by the text that kernels on GPUs have of it. */
const asKernel =
  (name: keyof typeof elementary): LowerPointwise =>
  (build, args) => {
    const { code, gpu = code }: ScalarFunction = elementary[name]
    return lowerText(gpu)(
      build,
      args.map((arg) => asFloat(build, arg))
    )
  }

/** Its own Sign it leaves to the CPU. Zeros keep their sign. */
const signByChoice = composed((emit, x, isLess) =>
  emit('Where', isLess(x, 0), -1, emit('Where', isLess(emit('Neg', x), 0), 1, x))
)

/** A bool would be left to the CPU by most operators that move elements. */
const comparison =
  (compare: LowerPointwise): LowerPointwise =>
  (build, args) =>
    asFloat(build, compare(build, args))

/** The column of ONNX Runtime's WebGPU where it differs: what it leaves to the CPU, and what WGSL makes rough. */
const onWebgpu: { readonly [F in PointwiseName]?: LowerPointwise } = {
  exp: asKernel('exp'),
  log: asKernel('log'),
  expm1: asKernel('expm1'),
  log1p: asKernel('log1p'),
  tanh: asKernel('tanh'),
  sin: asKernel('sin'),
  cos: asKernel('cos'),
  erf: asKernel('erf'),
  erfc: asKernel('erfc'),
  ndtr: asKernel('ndtr'),
  sigmoid: asKernel('sigmoid'),
  softplus: asKernel('softplus'),
  pow: asKernel('pow'),
  sign: signByChoice,
  less: comparison(operator('Less', 'bool')),
  lessEqual: comparison(functions.lessEqual),
  equal: comparison(functions.equal)
}

/** Lowers a pointwise function by its row in the tables above. */
export const pointwise: LowerOnnx<'pointwise'> = (build, { fn }, args) =>
  ((build.target === 'webgpu' ? onWebgpu[fn] : undefined) ?? functions[fn])(build, args)
