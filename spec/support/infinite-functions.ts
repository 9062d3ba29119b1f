import { grad } from '../../lib/diff/index.js'
import type { UnaryName } from '../../lib/graph/primitives/pointwise.js'
import { ops } from '../../lib/graph/ops/index.js'
import type { Tensor } from '../../lib/graph/tensor.js'
import * as nn from '../../lib/nn/index.js'
import type { EdgeCase, Nested } from './infinite-orders.js'

const inf = Infinity

/** What each function is at −∞ and at ∞, then its derivative. */
const ends: { readonly [F in UnaryName]: readonly [low: number, high: number, ...slopes: [number, number]] } =
  {
    neg: [inf, -inf, -1, -1],
    exp: [0, inf, 0, inf],
    log: [NaN, inf, 0, 0],
    expm1: [-1, inf, 0, inf],
    log1p: [NaN, inf, 0, 0],
    sqrt: [NaN, inf, NaN, 0],
    tanh: [-1, 1, 0, 0],
    sin: [NaN, NaN, NaN, NaN],
    cos: [NaN, NaN, NaN, NaN],
    erf: [-1, 1, 0, 0],
    erfc: [2, 0, 0, 0],
    ndtr: [0, 1, 0, 0],
    sigmoid: [0, 1, 0, 0],
    softplus: [0, inf, 0, 1],
    relu: [0, inf, 0, 1],
    sign: [-1, 1, 0, 0],
    abs: [inf, inf, -1, 1],
    floor: [-inf, inf, 0, 0]
  }

const atEnds = Object.entries(ends).flatMap(
  ([name, [low, high, ...slopes]]): readonly (readonly [string, EdgeCase])[] => {
    const f: EdgeCase['f'] = (x) => ops[name as UnaryName](x!)
    const slope: EdgeCase['f'] = (x) => grad((t: Tensor) => ops.sum()(f(t)))(x!)
    const gpu = Number.isNaN(low) && Number.isNaN(high) ? ({ gpu: 'any' } as const) : {}
    return [
      [`${name} at −∞ and ∞`, { f, args: [[-inf, inf]], right: [low, high], ...gpu }],
      [`its derivative there, ${name}`, { f: slope, args: [[-inf, inf]], right: slopes, ...gpu }],
      [`${name} of NaN`, { f, args: [[NaN]], right: [NaN], gpu: 'any' }]
    ]
  }
)

/** Powers by their bases, and by IEEE 754 (as C and PyTorch) the values at these exponents. */
const exponents = [-inf, -3, -2, -0.5, 0, 0.5, 2, 3, inf]
const powers: readonly (readonly [base: number, values: readonly number[]])[] = [
  [-inf, [0, 0, 0, 0, 1, inf, inf, -inf, inf]],
  [-2, [0, -0.125, 0.25, NaN, 1, NaN, 4, -8, inf]],
  [-1, [1, -1, 1, NaN, 1, NaN, 1, -1, 1]],
  [-0.5, [inf, -8, 4, NaN, 1, NaN, 0.25, -0.125, 0]],
  [0, [inf, inf, inf, inf, 1, 0, 0, 0, 0]],
  [0.25, [inf, 64, 16, 2, 1, 0.5, 0.0625, 0.015625, 0]],
  [1, [1, 1, 1, 1, 1, 1, 1, 1, 1]],
  [4, [0, 0.015625, 0.0625, 0.5, 1, 2, 16, 64, inf]],
  [inf, [0, 0, 0, 0, 1, inf, inf, inf, inf]]
]
const bases = powers.map(([base]) => base)

const of =
  (f: (a: Tensor, b: Tensor) => Tensor): EdgeCase['f'] =>
  (a, b) =>
    f(a!, b!)
const power = (a: Tensor, b: Tensor): Tensor => ops.pow(b)(a)
const byBase = (a: Tensor, b: Tensor): Tensor => grad((x: Tensor) => ops.sum()(power(x, b)))(a)
const byExponent = (a: Tensor, b: Tensor): Tensor => grad((x: Tensor) => ops.sum()(power(a, x)))(b)
const known = exponents.map((exponent, i): readonly [string, EdgeCase] => [
  `powers, the exponent known to be ${exponent}`,
  { f: (a) => ops.pow(exponent)(a!), args: [bases], right: powers.map(([, values]) => values[i]!) }
])
const table: readonly Nested[] = [bases.map((base) => exponents.map(() => base)), bases.map(() => exponents)]

/** What single functions give for infinities and NaN. */
export const functions: Readonly<Record<string, EdgeCase>> = {
  ...Object.fromEntries([...atEnds, ...known]),
  'relu of a product and a bias': {
    f: (x, w) => ops.relu(ops.add(0.5)(ops.matmul(w!)(x!))),
    args: [
      [
        [NaN, 1],
        [1, 1],
        [inf, 1]
      ],
      [
        [1, -1],
        [1, -1]
      ]
    ],
    right: [
      [NaN, NaN],
      [2.5, 0],
      [inf, 0]
    ],
    gpu: 'any'
  },
  'relu and tanh of a convolution': {
    f: (x, w) => ops.add(ops.tanh(ops.conv2d(w!)(x!)))(ops.relu(ops.conv2d(w!)(x!))),
    args: [[[[[NaN, inf, 0, -inf]]]], [[[[2]]]]],
    right: [[[[NaN, inf, 0, -1]]]],
    gpu: 'any'
  },
  'maxima of windows of what is rectified': {
    f: (x) => nn.maxPool(2).apply({})(ops.relu(x!)),
    args: [
      [
        [
          [
            [1, NaN, 1, inf, -inf, -1],
            [2, 3, -inf, 0, -2, -3]
          ]
        ]
      ]
    ],
    right: [[[NaN, inf, 0]]],
    gpu: [[[3, inf, 0]]]
  },
  'silu and gelu of −∞': {
    f: (x) => ops.add(ops.silu(x!))(ops.gelu(x!)),
    args: [[-inf, inf]],
    right: [NaN, inf],
    gpu: 'any'
  },
  powers: { f: of(power), args: table, right: powers.map(([, values]) => values) },
  'powers of 1 and to 0, NaN among them': {
    f: of(power),
    args: [
      [1, NaN, NaN, 2, -1],
      [NaN, 0, 1, NaN, NaN]
    ],
    right: [1, 1, NaN, NaN, NaN],
    gpu: 'any'
  },
  'derivatives of powers of 1': {
    f: of(byBase),
    args: [
      [1, 1, 1, 1],
      [-inf, -1, 0, inf]
    ],
    right: [-inf, -1, 0, inf]
  },
  'derivatives of powers of 1, by the exponent': {
    f: of(byExponent),
    args: [
      [1, 1, 1, 1],
      [-inf, -1, NaN, inf]
    ],
    right: [0, 0, 0, 0]
  }
}
