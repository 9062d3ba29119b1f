import { ops } from '../../../lib/index.js'
import type { KernelRow } from '../row.js'

const LARGE = 2 ** 18

/** Maps of every element by itself. */
export const pointwises: readonly KernelRow[] = [
  {
    family: 'pointwise',
    name: 'x y + y, 2¹⁸',
    f: (x, y) => ops.add(y!)(ops.mul(y!)(x!)),
    shapes: [[LARGE], [LARGE]],
    flops: 2 * LARGE,
    repeat: 16,
    naive: {
      source: 'function (a, b) { return a[this.thread.x] * b[this.thread.x] + b[this.thread.x]; }',
      output: [LARGE]
    },
    tfjs: (tf, [x, y]) => tf.add(tf.mul(x!, y!), y!),
    jax: ({ numpy }, [x, y]) => numpy.add(numpy.multiply(x!, y!.ref), y!)
  },
  ...(['exp', 'tanh'] as const).map((fn): KernelRow => ({
    family: 'pointwise',
    name: `${fn}, 2¹⁸`,
    f: (x) => ops[fn](x!),
    shapes: [[LARGE]],
    flops: LARGE,
    repeat: 8,
    naive: { source: `function (a) { return Math.${fn}(a[this.thread.x]); }`, output: [LARGE] },
    tfjs: (tf, [x]) => tf[fn](x!),
    jax: ({ numpy }, [x]) => numpy[fn](x!)
  })),
  {
    family: 'pointwise',
    name: 'transpose 512²',
    f: (x) => ops.transpose()(x!),
    shapes: [[512, 512]],
    flops: 0,
    repeat: 16,
    naive: { source: 'function (a) { return a[this.thread.x * 512 + this.thread.y]; }', output: [512, 512] },
    tfjs: (tf, [x]) => tf.transpose(x!)
  },
  {
    family: 'pointwise',
    name: 'select 4096 × 10',
    f: (x, y) => ops.where(ops.less(y!)(x!))(x!, ops.neg(y!)),
    shapes: [
      [4096, 10],
      [4096, 10]
    ],
    flops: 2 * 40960,
    repeat: 16,
    naive: {
      source:
        'function (a, b) { let r = -b[this.thread.x]; if (a[this.thread.x] < b[this.thread.x]) { r = a[this.thread.x]; } return r; }',
      output: [40960]
    },
    jax: ({ numpy }, [x, y]) => numpy.where(numpy.less(x!.ref, y!.ref), x!, numpy.negative(y!))
  }
]
