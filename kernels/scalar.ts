import * as elementary from './elementary.js'
import type { KernelBackend } from './kernel.js'
import { float, polynomial } from './literal.js'

/** The functions of single numbers that a kernel can apply. */
export type ScalarName =
  | 'neg'
  | 'exp'
  | 'log'
  | 'sqrt'
  | 'tanh'
  | 'sin'
  | 'cos'
  | 'erf'
  | 'sign'
  | 'abs'
  | 'floor'
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'max'
  | 'min'
  | 'pow'
  | 'less'
  | 'lessEqual'
  | 'equal'
  | 'select'

/** How the code of one function is written: its operands are names or literals, `let` keeps an intermediate result. */
export type ScalarCode = (operands: readonly string[], keep: (text: string) => string) => string

const TANH_LIMIT = 7.90531110763549805

/**
 * tanh as x P(x²) / Q(x²) on the range where float32 is not yet ±1 (the coefficients of Eigen's float32 tanh). Only
 * arithmetic, so it stays in vector lanes, and it cannot overflow as a quotient of exponentials does.
 */
const tanh: ScalarCode = ([x], keep) => {
  const t = keep(`Math.max(${float(-TANH_LIMIT)}, Math.min(${float(TANH_LIMIT)}, ${x!}))`)
  const s = keep(`${t} * ${t}`)
  const p = polynomial(
    s,
    [
      -2.76076847742355e-16, 2.00018790482477e-13, -8.60467152213735e-11, 5.12229709037114e-8,
      1.48572235717979e-5, 6.37261928875436e-4, 4.89352455891786e-3
    ]
  )
  const q = polynomial(s, [1.19825839466702e-6, 1.18534705686654e-4, 2.268434632439e-3, 4.89352518554385e-3])
  const ratio = keep(`${t} * ${p} / ${q}`)
  return `((Math.abs(${x!}) < 0.0004) ? ${x!} : ${ratio})`
}

/** erf as x P(x²) / Q(x²), clamped where float32 is ±1 (the coefficients of Eigen's float32 erf). */
const erf: ScalarCode = ([x], keep) => {
  const t = keep(`Math.max(-4, Math.min(4, ${x!}))`)
  const s = keep(`${t} * ${t}`)
  const p = polynomial(
    s,
    [
      -2.72614225801306e-10, 2.77068142495902e-8, -2.10102402082508e-6, -5.69250639462346e-5,
      -7.34990630326855e-4, -2.954599808540251e-3, -1.60960333262415e-2
    ]
  )
  const q = polynomial(
    s,
    [
      -1.45660718464996e-5, -2.13374055278905e-4, -1.68282697438203e-3, -7.37332916720468e-3,
      -1.42647390514189e-2
    ]
  )
  // the quotient first: it is near 1, where the product of a tiny number would lose digits
  return `(${t} * (${p} / ${q}))`
}

const MAX_POWER = 64

/** x to a whole power by repeated squaring: exact in sign, which the GL backends' pow is not. */
const power = (x: string, exponent: number, keep: (text: string) => string): string => {
  if (exponent === 0) return '1'
  if (exponent < 0) return `(1 / ${keep(power(x, -exponent, keep))})`
  let result: string | undefined
  let square = x
  for (let rest = exponent; ; square = keep(`${square} * ${square}`)) {
    if (rest % 2 === 1) result = result === undefined ? square : keep(`${result} * ${square}`)
    rest = Math.floor(rest / 2)
    if (rest === 0) return result ?? '1'
  }
}

const powOr =
  (other: ScalarCode): ScalarCode =>
  ([x, y], keep) => {
    const exponent = Number(y!.replace(/[()]/g, ''))
    return Number.isInteger(exponent) && Math.abs(exponent) <= MAX_POWER
      ? power(x!, exponent, keep)
      : other([x!, y!], keep)
  }

const call =
  (name: string): ScalarCode =>
  ([x]) =>
    `Math.${name}(${x!})`

const infix =
  (operator: string): ScalarCode =>
  ([x, y]) =>
    `(${x!} ${operator} ${y!})`

const test =
  (operator: string): ScalarCode =>
  ([x, y]) =>
    `((${x!} ${operator} ${y!}) ? 1 : 0)`

const portable: { readonly [F in ScalarName]: ScalarCode } = {
  neg: ([x]) => `(-${x!})`,
  exp: call('exp'),
  log: call('log'),
  sqrt: call('sqrt'),
  tanh,
  sin: call('sin'),
  cos: call('cos'),
  erf,
  sign: ([x]) => `((${x!} > 0) ? 1 : ((${x!} < 0) ? -1 : ${x!}))`,
  abs: call('abs'),
  floor: call('floor'),
  add: infix('+'),
  sub: infix('-'),
  mul: infix('*'),
  div: infix('/'),
  max: ([x, y]) => `Math.max(${x!}, ${y!})`,
  min: ([x, y]) => `Math.min(${x!}, ${y!})`,
  pow: powOr(([x, y]) => `Math.pow(${x!}, ${y!})`),
  less: test('<'),
  lessEqual: test('<='),
  equal: test('==='),
  select: ([c, x, y]) => `((${c!} !== 0) ? ${x!} : ${y!})`
}

/** In cpu mode a kernel is plain JavaScript: results are rounded to float32 as the other backends round them. */
const rounded =
  (code: ScalarCode): ScalarCode =>
  (operands, keep) =>
    `Math.fround(${code(operands, keep)})`

const onCpu: { readonly [F in ScalarName]: ScalarCode } = {
  ...portable,
  exp: rounded(portable.exp),
  log: rounded(portable.log),
  sqrt: rounded(portable.sqrt),
  tanh: rounded(call('tanh')),
  sin: rounded(portable.sin),
  cos: rounded(portable.cos),
  erf: rounded(portable.erf),
  add: rounded(portable.add),
  sub: rounded(portable.sub),
  mul: rounded(portable.mul),
  div: rounded(portable.div),
  pow: rounded(portable.pow)
}

/** On GPUs the elementary functions are our own, for an adapter may be rough. */
const onGpu: { readonly [F in ScalarName]: ScalarCode } = {
  ...portable,
  exp: elementary.exp,
  log: elementary.log,
  sin: elementary.sin,
  cos: elementary.cos,
  pow: powOr(elementary.pow)
}

/** A call out of WebAssembly takes 17 ns an element and ends a vector; arithmetic takes it in lanes. */
const onWasm: { readonly [F in ScalarName]: ScalarCode } = { ...portable, exp: elementary.expInLanes }

/** The code of every function on every backend: one column a backend. */
export const scalars: { readonly [B in KernelBackend]: { readonly [F in ScalarName]: ScalarCode } } = {
  webasm: onWasm,
  cpu: onCpu,
  webgpu: onGpu,
  webgl2: onGpu,
  headlessgl: onGpu
}

/** The comparisons, whose outcome a `select` can use as a condition without making a number of it. */
export const comparisons: Partial<Record<ScalarName, string>> = { less: '<', lessEqual: '<=', equal: '===' }
