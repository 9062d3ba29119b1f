import type { KernelBackend } from './kernel.js'

/** A number as gpu.js reads it. Infinities are quotients, because the language has no name for them. */
export const float = (value: number): string => {
  if (Number.isNaN(value)) return '(0 / 0)'
  if (!Number.isFinite(value)) return value > 0 ? '(1 / 0)' : '(-1 / 0)'
  return value < 0 || Object.is(value, -0) ? `(-${Math.abs(value)})` : `${value}`
}

/** A polynomial by Horner's rule, the highest power first; `x` is a name. */
export const polynomial = (x: string, coefficients: readonly number[]): string =>
  coefficients.slice(1).reduce((text, c) => `(${text} * ${x} + ${float(c)})`, float(coefficients[0]!))

/** More than float32 holds, but only once a thread computes it: WGSL refuses constants that are not finite. */
const OVERFLOW = '((this.thread.x + 10.5) * 3.4e38)'

const INVALID = 'Math.sqrt(-0.5 - this.thread.x)'

/** {@link float} for a backend. */
export const literalFor = (backend: KernelBackend, value: number): string => {
  if (backend !== 'webgpu' || Number.isFinite(value)) return float(value)
  return Number.isNaN(value) ? INVALID : value > 0 ? OVERFLOW : `(-${OVERFLOW})`
}

/** A whole number as an integer: GLSL assigns no float to an integer, and gpu.js casts only for an operator on bits. */
export const whole = (backend: KernelBackend, text: string): string =>
  backend === 'webgl2' || backend === 'headlessgl' ? `${text} >> 0` : text

/** The declaration of an integer local: gpu.js makes a float of every other. */
export const integerLocal = (name: string, text: string): string =>
  `let ${name} = this.output.x; ${name}++; ${name} = ${text};`
