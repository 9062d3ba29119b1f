import { grad, ops, type Tensor } from '../../lib/index.js'
import { toTensor } from '../../lib/graph/constant.js'
import type { JaxOps, TfOps } from './peers.js'

type Shape = readonly number[]

/** A kernel written as one writes it first: one cell an element, every operand as it lies, a counting loop. */
export interface Naive {
  readonly source: string
  /** gpu.js order: x, y, z. */
  readonly output: readonly number[]
}

/** One row of the kernel suite: an operation at a size. */
export interface KernelRow {
  readonly family: string
  readonly name: string
  readonly f: (...args: readonly Tensor[]) => Tensor
  readonly shapes: readonly Shape[]
  /** Floating-point operations of one application: multiplications and additions, or functions applied. */
  readonly flops: number
  /** How often a run applies it, so that upload and read-back are a small part of a run. */
  readonly repeat: number
  readonly naive?: Naive
  readonly tfjs?: TfOps
  readonly jax?: JaxOps
  /** The fastest that is known for this machine, in GFLOP/s, and whose it is. */
  readonly best?: { readonly name: string; readonly gflops: number }
}

/** `contract: matmul NN 512³` */
export const nameOf = ({ family, name }: KernelRow): string => `${family}: ${name}`

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

const products: readonly KernelRow[] = [
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

const LARGE = 2 ** 18

const pointwises: readonly KernelRow[] = [
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
    f: (x, y) => ops.select(ops.less(y!)(x!))(x!, ops.neg(y!)),
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

const reductions: readonly KernelRow[] = [
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

const convolve =
  (stride: number) =>
  (x: Tensor, w: Tensor): Tensor =>
    ops.einsum('ncijyx,ocij->noyx')(ops.unfold([3, 3], [stride, stride])(x), w)

const windows: readonly KernelRow[] = [
  {
    family: 'convolution',
    name: '8 × 16 × 30² by 32 of 3²',
    f: (x, w) => convolve(1)(x!, w!),
    shapes: [
      [8, 16, 30, 30],
      [32, 16, 3, 3]
    ],
    flops: 2 * 8 * 32 * 28 ** 2 * 16 * 9,
    repeat: 1,
    naive: {
      source: `function (a, w) {
let sum = 0;
let n = Math.floor(this.thread.z / 32);
let o = this.thread.z - n * 32;
for (let c = 0; c < 16; c++) {
for (let i = 0; i < 3; i++) {
for (let j = 0; j < 3; j++) {
sum += a[((n * 16 + c) * 30 + this.thread.y + i) * 30 + this.thread.x + j] * w[((o * 16 + c) * 3 + i) * 3 + j];
}
}
}
return sum;
}`,
      output: [28, 28, 256]
    },
    jax: ({ lax }, [x, w]) => lax.conv(x!, w!, [1, 1], 'VALID')
  },
  {
    family: 'convolution',
    name: '8 × 16 × 31² by 32 of 3², stride 2',
    f: (x, w) => convolve(2)(x!, w!),
    shapes: [
      [8, 16, 31, 31],
      [32, 16, 3, 3]
    ],
    flops: 2 * 8 * 32 * 15 ** 2 * 16 * 9,
    repeat: 4,
    jax: ({ lax }, [x, w]) => lax.conv(x!, w!, [2, 2], 'VALID')
  },
  {
    family: 'convolution',
    name: 'its cotangent of images',
    f: (g, w) =>
      grad((x: Tensor) => ops.dot(g!)(convolve(1)(x, w!)))(ops.broadcastTo([8, 16, 30, 30])(toTensor(0))),
    shapes: [
      [8, 32, 28, 28],
      [32, 16, 3, 3]
    ],
    flops: 2 * 8 * 32 * 28 ** 2 * 16 * 9,
    repeat: 1
  },
  {
    family: 'pooling',
    name: 'max 2² of 8 × 16 × 28²',
    f: (x) => ops.reduceMax([2, 3])(ops.unfold([2, 2], [2, 2])(x!)),
    shapes: [[8, 16, 28, 28]],
    flops: 8 * 16 * 28 ** 2,
    repeat: 16
  },
  {
    family: 'pooling',
    name: 'mean 2² of 8 × 16 × 28²',
    f: (x) => ops.scale(0.25)(ops.sum([2, 3])(ops.unfold([2, 2], [2, 2])(x!))),
    shapes: [[8, 16, 28, 28]],
    flops: 8 * 16 * 28 ** 2,
    repeat: 16
  }
]

const topK: readonly KernelRow[] = [
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

/** Every row of the kernel suite, family by family. */
export const kernelRows: readonly KernelRow[] = [
  ...products,
  ...pointwises,
  ...reductions,
  ...windows,
  ...topK
]
