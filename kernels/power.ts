import type { ScalarCode } from './kernel.js'
import { choice } from './choice.js'

/** A number that is written out, of any other text NaN. */
const numberOf = (text: string): number => Number(text.replace(/[()]/g, ''))

/** An exponent, ±3.4e38 for an infinite one: it is even, as all large numbers are, and 1 to the power of it is 1. */
const finitePower = (y: string, keep: (text: string) => string): string =>
  Number.isFinite(numberOf(y)) ? y : keep(`Math.max(-3.4e38, Math.min(3.4e38, ${y}))`)

/** xʸ by JavaScript's power, which is NaN for ±1 to an infinity and 1 to NaN, where IEEE 754 has 1. */
const powOnHost: ScalarCode = ([x, y], keep) => {
  const own = `Math.pow(${x!}, ${finitePower(y!, keep)})`
  return Number.isFinite(numberOf(y!)) ? own : choice(`${x!} === 1`, '1', own, keep)
}

/**
 * xʸ as the adapter's |x|ʸ = 2 to the power y log₂ |x|, with what that has no place for: 1ʸ = 1, 0ʸ = 0 for y > 0 and ∞ for
 * y < 0, the sign of whole powers of negative numbers, and NaN (a root below 0) for other ones of all but −∞.
 */
const powOnGpu: ScalarCode = ([x, y], keep) => {
  const own = keep(choice(`Math.abs(${x!}) === 1`, '1', `Math.pow(Math.abs(${x!}), ${y!})`, keep))
  const whole = finitePower(y!, keep)
  const odd = keep(`${whole} - 2 * Math.floor(${whole} * 0.5)`)
  const root = keep(choice(`${x!} < -3.4028234e38`, own, `Math.sqrt(${x!})`, keep))
  const sign = choice(`${odd} === 1`, `(-${own})`, root, keep)
  const below = choice(`${odd} === 0`, own, sign, keep)
  // more than float32 holds, and no constant
  const infinity = keep(`(10.5 + Math.abs(${x!}) - Math.min(0, ${y!})) * 3.4e38`)
  const atZero = choice(`${y!} > 0`, '0', choice(`${y!} < 0`, infinity, own, keep), keep)
  return choice(`${x!} > 0`, own, choice(`${x!} < 0`, below, atZero, keep), keep)
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
    const exponent = numberOf(y!)
    return Number.isInteger(exponent) && Math.abs(exponent) <= MAX_POWER
      ? power(x!, exponent, keep)
      : other([x!, y!], keep)
  }

/** aᵇ as IEEE 754 has it, by the power of JavaScript and by that of a GPU. */
export const pow = { host: powOr(powOnHost), gpu: powOr(powOnGpu) }
