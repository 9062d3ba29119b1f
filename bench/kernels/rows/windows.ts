import { grad, ops, type Tensor } from '../../../lib/index.js'
import { toTensor } from '../../../lib/graph/constant.js'
import type { KernelRow } from '../row.js'

const convolve =
  (stride: number) =>
  (x: Tensor, w: Tensor): Tensor =>
    ops.einsum('ncijyx,ocij->noyx')(ops.unfold([3, 3], [stride, stride])(x), w)

/** Convolution and pooling. */
export const windows: readonly KernelRow[] = [
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
