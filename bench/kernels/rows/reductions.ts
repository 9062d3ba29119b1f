import { ops } from '../../../lib/index.js'
import type { KernelRow } from '../row.js'

const rowSum = (n: number, m: number, naive: string): KernelRow => ({
  family: 'reduce',
  name: `sum of rows ${n} × ${m}`,
  f: (x) => ops.sum(1)(x!),
  shapes: [[n, m]],
  flops: n * m,
  repeat: 8,
  naive: { source: naive, output: [n] },
  tfjs: (tf, [x]) => tf.sum(x!, 1),
  jax: ({ numpy }, [x]) => numpy.sum(x!, 1)
})

/** Sums and maxima along an axis. */
export const reductions: readonly KernelRow[] = [
  rowSum(
    1024,
    256,
    'function (a) { let sum = 0; for (let s = 0; s < 256; s++) { sum += a[this.thread.x * 256 + s]; } return sum; }'
  ),
  rowSum(
    8,
    32768,
    // gpu.js ends a loop after 1,000 turns unless its bound is a literal
    'function (a) { let sum = 0; for (let s = 0; s < 32768; s++) { sum += a[this.thread.x * 32768 + s]; } return sum; }'
  ),
  {
    family: 'reduce',
    name: 'max of columns 1024 × 256',
    f: (x) => ops.reduceMax(0)(x!),
    shapes: [[1024, 256]],
    flops: 1024 * 256,
    repeat: 8,
    naive: {
      source:
        'function (a) { let top = a[this.thread.x]; for (let s = 0; s < 1024; s++) { top = Math.max(top, a[s * 256 + this.thread.x]); } return top; }',
      output: [256]
    },
    tfjs: (tf, [x]) => tf.max(x!, 0),
    jax: ({ numpy }, [x]) => numpy.max(x!, 0)
  },
  {
    family: 'reduce',
    name: 'log-sum-exp of rows 1024 × 128',
    f: (x) => ops.logSumExp(1)(x!),
    shapes: [[1024, 128]],
    flops: 3 * 1024 * 128,
    repeat: 4,
    tfjs: (tf, [x]) => tf.logSumExp(x!, 1),
    jax: ({ nn }, [x]) => nn.logsumexp(x!, 1)
  },
  {
    family: 'reduce',
    name: 'softmax of rows 1024 × 128',
    f: (x) => ops.softmax(1)(x!),
    shapes: [[1024, 128]],
    flops: 4 * 1024 * 128,
    repeat: 4,
    tfjs: (tf, [x]) => tf.softmax(x!),
    jax: ({ nn }, [x]) => nn.softmax(x!)
  }
]

/** Masks of the largest of each row. */
export const topK: readonly KernelRow[] = [
  [1, 65536],
  [64, 1024]
].map(([rows, size]) => ({
  family: 'top-k',
  name: `a tenth of ${rows} × ${size}`,
  f: (...[x]) => ops.topKMask(Math.floor(size! / 10))(x!),
  shapes: [[rows!, size!]],
  flops: 0,
  repeat: 1
}))
