import { grad, ops, type Tensor } from '../../../lib/index.js'
import { toTensor } from '../../../lib/graph/tensor.js'
import type { KernelRow } from '../row.js'

const convolve =
  (stride: number) =>
  (x: Tensor, w: Tensor): Tensor =>
    ops.einsum('ncijyx,ocij->noyx')(ops.unfold([3, 3], [stride, stride])(x), w)

/** A convolution of eight images of 16 channels with 32 filters of 3 × 3. */
const convolution = (side: number, stride: number): Omit<KernelRow, 'repeat'> => ({
  family: 'convolution',
  name: `8 × 16 × ${side}² by 32 of 3²${stride === 1 ? '' : `, stride ${stride}`}`,
  f: (x, w) => convolve(stride)(x!, w!),
  shapes: [
    [8, 16, side, side],
    [32, 16, 3, 3]
  ],
  flops: 2 * 8 * 32 * ((side - 3) / stride + 1) ** 2 * 16 * 9,
  jax: ({ lax }, [x, w]) => lax.conv(x!, w!, [stride, stride], 'VALID')
})

/** A reduction of windows of 2 × 2. */
const pooling = (name: string, reduce: (windows: Tensor) => Tensor): KernelRow => ({
  family: 'pooling',
  name: `${name} 2² of 8 × 16 × 28²`,
  f: (x) => reduce(ops.unfold([2, 2], [2, 2])(x!)),
  shapes: [[8, 16, 28, 28]],
  flops: 8 * 16 * 28 ** 2,
  repeat: 16
})

/** Convolution and pooling. */
export const windows: readonly KernelRow[] = [
  {
    ...convolution(30, 1),
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
    }
  },
  { ...convolution(31, 2), repeat: 4 },
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
  pooling('max', ops.reduceMax([2, 3])),
  pooling('mean', (x) => ops.scale(0.25)(ops.sum([2, 3])(x)))
]
