import { expect, it } from 'vitest'
import { fromNested, type NdArray } from '../../lib/core/ndarray.js'
import { grad } from '../../lib/diff/index.js'
import { ops } from '../../lib/graph/ops/index.js'
import { stack } from '../../lib/graph/ops/reshape.js'
import type { Tensor } from '../../lib/graph/tensor.js'
import * as nn from '../../lib/nn/index.js'

type Elementwise = (x: Tensor) => Tensor
type Closed = (x: number) => number

interface Smooth {
  readonly f: Elementwise
  /** The function and its first three derivatives in float64, written so that nothing cancels. */
  readonly closed: readonly [Closed, Closed, Closed, Closed]
  readonly from?: number
  /** Whether the value is a sum that cancels, so that it is held to an error relative to 1. */
  readonly cancels?: true
}

const s: Closed = (x) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)))
const s1: Closed = (x) => s(x) * s(-x)
const s2: Closed = (x) => s1(x) * (s(-x) - s(x))
const s3: Closed = (x) => s1(x) * ((s(-x) - s(x)) ** 2 - 2 * s1(x))
const softplus: Closed = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))
const negated =
  (f: Closed): Closed =>
  (x) =>
    -f(-x)
const mirrored =
  (f: Closed): Closed =>
  (x) =>
    f(-x)
const tanh1: Closed = (x) => 1 / Math.cosh(x) ** 2
const phi: Closed = (x) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)

/** erfc for x ≥ 0 as e^(−x²) (2/√π) ∫ e^(−t² − 2xt) dt, by the trapezoidal rule, which converges faster than any power. */
const erfc: Closed = (x) => {
  if (x < 0) return 2 - erfc(-x)
  const step = 1 / 1024
  let sum = 0.5
  for (let k = 1; k < 1024 * 7; k++) sum += Math.exp(-((k * step) ** 2) - 2 * x * k * step)
  // the rule's error at the end is that of the first Euler–Maclaurin terms
  const slope = -2 * x
  const third = 12 * x - 8 * x ** 3
  const area = step * sum + (step ** 2 / 12) * slope - (step ** 4 / 720) * third
  return ((Math.exp(-x * x) * 2) / Math.sqrt(Math.PI)) * area
}
const ndtr: Closed = (x) => erfc(-x / Math.SQRT2) / 2
const gauss: Closed = (x) => (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x)

/** Two logits, x and 0, of each element. */
const against0 =
  (f: (logits: Tensor) => Tensor): Elementwise =>
  (x) =>
    f(stack(-1)([x, ops.scale(0)(x)]))
const first = (x: Tensor): Tensor => ops.sum(-1)(ops.slice([0, 0], [x.shape[0]!, 1])(x))

/** Every function that is smooth though its formula has a kink, cancels or overflows. */
const smooth: Readonly<Record<string, Smooth>> = {
  sigmoid: { f: ops.sigmoid, closed: [s, s1, s2, s3] },
  softplus: { f: ops.softplus, closed: [softplus, s, s1, s2] },
  logSigmoid: {
    f: ops.logSigmoid,
    closed: [negated(softplus), mirrored(s), negated(s1), mirrored(s2)]
  },
  silu: {
    f: ops.silu,
    closed: [
      (x) => x * s(x),
      (x) => s(x) + x * s1(x),
      (x) => 2 * s1(x) + x * s2(x),
      (x) => 3 * s2(x) + x * s3(x)
    ]
  },
  tanh: {
    f: ops.tanh,
    closed: [
      Math.tanh,
      tanh1,
      (x) => -2 * Math.tanh(x) * tanh1(x),
      (x) => tanh1(x) * (4 * Math.tanh(x) ** 2 - 2 * tanh1(x))
    ]
  },
  erfc: {
    f: ops.erfc,
    closed: [erfc, (x) => -gauss(x), (x) => 2 * x * gauss(x), (x) => (2 - 4 * x * x) * gauss(x)]
  },
  erf: {
    f: ops.erf,
    closed: [
      (x) =>
        Math.abs(x) < 0.1
          ? (2 / Math.sqrt(Math.PI)) * (x - x ** 3 / 3 + x ** 5 / 10 - x ** 7 / 42)
          : 1 - erfc(x),
      gauss,
      (x) => -2 * x * gauss(x),
      (x) => (4 * x * x - 2) * gauss(x)
    ]
  },
  ndtr: { f: ops.ndtr, closed: [ndtr, phi, (x) => -x * phi(x), (x) => (x * x - 1) * phi(x)] },
  gelu: {
    f: ops.gelu,
    closed: [
      (x) => x * ndtr(x),
      (x) => ndtr(x) + x * phi(x),
      (x) => (2 - x * x) * phi(x),
      (x) => (x ** 3 - 4 * x) * phi(x)
    ]
  },
  expm1: { f: ops.expm1, closed: [Math.expm1, Math.exp, Math.exp, Math.exp] },
  log1p: {
    f: ops.log1p,
    closed: [Math.log1p, (x) => 1 / (1 + x), (x) => -1 / (1 + x) ** 2, (x) => 2 / (1 + x) ** 3],
    from: -0.75
  },
  'logSumExp of x and 0': { f: against0(ops.logSumExp(-1)), closed: [softplus, s, s1, s2] },
  'softmax of x and 0': { f: (x) => first(against0(ops.softmax(-1))(x)), closed: [s, s1, s2, s3] },
  'logSoftmax of x and 0': {
    f: (x) => first(against0(ops.logSoftmax(-1))(x)),
    closed: [negated(softplus), mirrored(s), negated(s1), mirrored(s2)]
  },
  'cross-entropy of x and 0': {
    f: (x) => against0(nn.crossEntropyEach(ops.scale(0)(x)))(x),
    closed: [mirrored(softplus), negated(s), mirrored(s1), negated(s2)]
  },
  'KL of x and 0 from an even chance': {
    f: (x) => nn.klEach(stack(-1)([x, ops.scale(0)(x)]))(ops.fill(0, [x.shape[0]!, 2])),
    closed: [
      (x) => Math.LN2 - s(x) * softplus(-x) - s(-x) * softplus(x),
      (x) => x * s1(x),
      (x) => s1(x) + x * s2(x),
      (x) => 2 * s2(x) + x * s3(x)
    ],
    cancels: true
  }
}

const points = [-40, -20, -17, -10, -3, -1, -0.5, -1e-3, -1e-6, 0, 1e-6, 1e-3, 0.5, 1, 3, 10, 17, 20, 40]

/** The derivative of an elementwise function, of any order. */
const derivative = (order: number, f: Elementwise): Elementwise =>
  order === 0 ? f : grad((x: Tensor) => ops.sum()(derivative(order - 1, f)(x)))

/** Units in the last place that a value may be off, and the error of derivatives relative to 1 or to the value. */
const ULPS = 16
const SLACK = 4e-6

/** Holds an engine to closed forms: values in both tails to a few units of the last place, three derivatives everywhere. */
export const isSmooth = (run: (f: Elementwise, x: NdArray) => Promise<NdArray>, digits: number): void => {
  it.each(Object.entries(smooth))(
    '%s, and its first three derivatives',
    async (_, { f, closed, from, cancels }) => {
      const xs = points
        .filter((x) => x > (from ?? -Infinity))
        .map((x) => (digits === 24 ? Math.fround(x) : x))
      for (const [order, want] of closed.entries()) {
        const got = await run(derivative(order, f), fromNested(xs))
        xs.forEach((x, i) => {
          const right = want(x)
          const bound =
            order === 0 && cancels === undefined
              ? ULPS * 2 ** -digits * Math.abs(right) + 2 ** -126
              : SLACK * Math.max(1, Math.abs(right))
          expect(
            Math.abs(got.data[i]! - right),
            `order ${order} at ${x}: ${got.data[i]}, not ${right}`
          ).toBeLessThanOrEqual(bound)
        })
      }
    }
  )
}
