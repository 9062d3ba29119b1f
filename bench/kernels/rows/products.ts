import { ops } from '../../../lib/index.js'
import type { KernelRow } from '../row.js'

type Form = 'NN' | 'NT' | 'TN'

const einsums: { readonly [F in Form]: string } = { NN: 'mk,kn->mn', NT: 'mk,nk->mn', TN: 'km,kn->mn' }

const best: { readonly [F in Form]: number } = { NN: 98, NT: 119, TN: 73 }

const matmul = (form: Form, n: number, repeat: number): KernelRow => {
  const a = form === 'TN' ? `a[s * ${n} + this.thread.y]` : `a[this.thread.y * ${n} + s]`
  const b = form === 'NT' ? `b[this.thread.x * ${n} + s]` : `b[s * ${n} + this.thread.x]`
  const [left, right] = [form === 'TN', form === 'NT']
  return {
    family: 'contract',
    name: `matmul ${form} ${n}³`,
    f: (x, y) => ops.einsum(einsums[form])(x!, y!),
    shapes: [
      [n, n],
      [n, n]
    ],
    flops: 2 * n ** 3,
    repeat,
    naive: {
      source: `function (a, b) { let sum = 0; for (let s = 0; s < ${n}; s++) { sum += ${a} * ${b}; } return sum; }`,
      output: [n, n]
    },
    tfjs: (tf, [x, y]) => tf.matMul(x!, y!, left, right),
    jax: ({ numpy }, [x, y]) =>
      numpy.matmul(left ? numpy.transpose(x!) : x!, right ? numpy.transpose(y!) : y!),
    ...(n === 512 ? { best: { name: 'onnxruntime-node, 1 thread', gflops: best[form] } } : {})
  }
}

/** Products of matrices, vectors and batches of them. */
export const products: readonly KernelRow[] = [
  ...([128, 256, 512] as const).flatMap((n) =>
    (['NN', 'NT', 'TN'] as const).map((form) => matmul(form, n, n === 512 ? 1 : n === 256 ? 4 : 16))
  ),
  {
    family: 'contract',
    name: 'batched 16 × 64³',
    f: (x, y) => ops.einsum('bmk,bkn->bmn')(x!, y!),
    shapes: [
      [16, 64, 64],
      [16, 64, 64]
    ],
    flops: 16 * 2 * 64 ** 3,
    repeat: 8,
    tfjs: (tf, [x, y]) => tf.matMul(x!, y!, false, false),
    jax: ({ numpy }, [x, y]) => numpy.matmul(x!, y!)
  },
  {
    family: 'contract',
    name: 'matrix × vector 1024',
    f: (x, y) => ops.einsum('mk,k->m')(x!, y!),
    shapes: [[1024, 1024], [1024]],
    flops: 2 * 1024 ** 2,
    repeat: 16,
    naive: {
      source:
        'function (a, b) { let sum = 0; for (let s = 0; s < 1024; s++) { sum += a[this.thread.x * 1024 + s] * b[s]; } return sum; }',
      output: [1024]
    },
    jax: ({ numpy }, [x, y]) => numpy.matmul(x!, y!)
  },
  {
    family: 'contract',
    name: 'outer 512 × 512',
    f: (x, y) => ops.einsum('m,n->mn')(x!, y!),
    shapes: [[512], [512]],
    flops: 512 ** 2,
    repeat: 16,
    naive: {
      source: 'function (a, b) { return a[this.thread.y] * b[this.thread.x]; }',
      output: [512, 512]
    },
    jax: ({ numpy }, [x, y]) => numpy.outer(x!, y!)
  },
  {
    family: 'contract',
    name: 'relu(x W + b) 128 × 784 × 256',
    f: (x, w, b) => ops.relu(ops.add(b!)(ops.matmul(w!)(x!))),
    shapes: [[128, 784], [784, 256], [256]],
    flops: 2 * 128 * 784 * 256,
    repeat: 2,
    naive: {
      source:
        'function (a, b, c) { let sum = c[this.thread.x]; for (let s = 0; s < 784; s++) { sum += a[this.thread.y * 784 + s] * b[s * 256 + this.thread.x]; } return Math.max(sum, 0); }',
      output: [256, 128]
    },
    tfjs: (tf, [x, w, b]) => tf.relu(tf.add(tf.matMul(x!, w!, false, false), b!)),
    jax: ({ numpy, nn }, [x, w, b]) => nn.relu(numpy.add(numpy.matmul(x!, w!), b!))
  }
]
