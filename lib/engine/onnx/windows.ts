import type { NdArray } from '../../core/ndarray.js'
import { type Shape, sizeOf } from '../../core/shape.js'
import type { OpOf } from '../../graph/op.js'
import { isOp, type Tensor, type TensorOf } from '../../graph/tensor.js'
import type { Builder, LowerOnnx, OnnxValue, ValueOf } from './builder.js'
import { cut, padded } from './structure.js'
import { expanded, reshaped, stacked, wholeFloat } from './views.js'

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

/** Windows along one axis: at `axis` their number, at `at`, a new axis, their length. */
const windowsAlong = (
  build: Builder,
  value: OnnxValue,
  axis: number,
  at: number,
  length: number,
  stride: number
): OnnxValue => {
  const span = Math.floor((value.dims[axis]! - length) / stride) * stride + 1
  const parts = range(length).map((start) =>
    cut(build, value, [{ axis, start, limit: start + span, stride }])
  )
  return stacked(build, parts, at)
}

/** Rows first, then columns: kh + kw slices instead of kh · kw. */
const unfold: LowerOnnx<'unfold'> = (build, { kernel, stride }, [x], { inputs }) => {
  const { shape } = inputs[0]!
  const rank = shape.length
  const whole = wholeFloat(build, x!, shape)
  const rows = windowsAlong(build, whole, rank - 2, rank - 2, kernel[0], stride[0])
  return windowsAlong(build, rows, rank, rank - 1, kernel[1], stride[1])
}

/** Values of one shape added up; ONNX Runtime's WebGPU leaves a Sum to the CPU. */
const addAll = (build: Builder, [first, ...rest]: readonly OnnxValue[]): OnnxValue => {
  if (rest.length === 0) return first!
  return build.target === 'webgpu'
    ? rest.reduce((total, part) => build.emit('Add', [total, part], part.dims), first!)
    : build.emit('Sum', [first!, ...rest], first!.dims)
}

/** The transpose of {@link windowsAlong}: each window's entries spread out to the places they came from, and added. */
const overlap = (
  build: Builder,
  value: OnnxValue,
  axis: number,
  at: number,
  stride: number,
  size: number
): OnnxValue => {
  const inner = axis > at ? axis - 1 : axis
  const dims = value.dims.toSpliced(at, 1)
  const only = (amount: number): number[] => dims.map((_, each) => (each === inner ? amount : 0))
  const parts = range(value.dims[at]!).map((start) => {
    const part = cut(build, value, [{ axis: at, start, limit: start + 1, stride: 1 }])
    return padded(build, reshaped(build, part, dims), {
      low: only(start),
      high: only(size - start - (dims[inner]! - 1) * stride - 1),
      interior: only(stride - 1)
    })
  })
  return addAll(build, parts)
}

/** A part of the last two axes: what is left of images when their border is taken off. */
export interface Crop {
  readonly start: readonly [number, number]
  readonly limit: readonly [number, number]
}

/** A fold, and the part of it that is wanted: all, or what a slice leaves when it takes the border off. */
export const croppedFold = (
  node: Tensor
): { readonly folded: TensorOf<'fold'>; readonly crop: Crop } | undefined => {
  if (isOp(node, 'fold')) return { folded: node, crop: { start: [0, 0], limit: node.op.size } }
  const folded = node.inputs[0]
  if (!isOp(node, 'slice') || folded === undefined || !isOp(folded, 'fold')) return undefined
  const { start, limit, stride } = node.op
  const isBorder =
    stride.every((n) => n === 1) &&
    folded.shape.slice(0, -2).every((n, axis) => start[axis] === 0 && limit[axis] === n)
  return isBorder
    ? { folded, crop: { start: [start.at(-2)!, start.at(-1)!], limit: [limit.at(-2)!, limit.at(-1)!] } }
    : undefined
}

/** Windows of results [n, in, oh, ow] times weights [in, out, kh, kw], added up where they overlap, or a part of that. */
export const transposedConv = (
  build: Builder,
  { kernel, stride, size }: Pick<OpOf<'fold'>, 'kernel' | 'stride' | 'size'>,
  { start, limit }: Crop,
  [results, weights]: readonly [OnnxValue, OnnxValue],
  group: number
): OnnxValue => {
  const [n, , oh, ow] = results.dims as readonly [number, number, number, number]
  const dims = [n, group * weights.dims[1]!, limit[0] - start[0], limit[1] - start[1]]
  return build.emit('ConvTranspose', [results, weights], dims, {
    kernel_shape: kernel,
    strides: stride,
    pads: [...start, size[0] - limit[0], size[1] - limit[1]],
    // rows and columns that no window reaches
    output_padding: [size[0] - (oh - 1) * stride[0] - kernel[0], size[1] - (ow - 1) * stride[1] - kernel[1]],
    group
  })
}

/** Above so many cells a product with one-hot weights costs more than the sums it saves. */
const MANY_CELLS = 36

/** Weights [cells, 1, kh, kw] that put each cell in its place. */
const oneHotCells = (kernel: readonly [number, number]): NdArray => {
  const cells = sizeOf(kernel)
  return {
    _tag: 'NdArray',
    shape: [cells, 1, ...kernel],
    data: Float32Array.from({ length: cells * cells }, (_, at) => (at % (cells + 1) === 0 ? 1 : 0))
  }
}

/** Columns first, then rows, and the border taken off. */
const foldBySums = (
  build: Builder,
  { stride, size }: OpOf<'fold'>,
  windows: OnnxValue,
  { start, limit }: Crop
): OnnxValue => {
  const rank = windows.dims.length - 2
  const rows = overlap(build, windows, rank + 1, rank - 1, stride[1], size[1])
  const images = overlap(build, rows, rank - 1, rank - 2, stride[0], size[0])
  const axes = [rank - 2, rank - 1]
  return cut(
    build,
    images,
    axes.map((axis, i) => ({ axis, start: start[i]!, limit: limit[i]!, stride: 1 }))
  )
}

/**
 * Overlapping windows added up, or a part of the images. ConvTranspose does it with the cells of a window as channels and
 * one-hot weights, in 0.4 ms where padding and adding takes 8.9 (1,024 images of 15 × 15, 3 × 3, stride 2); windows that are
 * one number repeated need no cells.
 */
const foldWindows = (
  build: Builder,
  op: OpOf<'fold'>,
  value: OnnxValue,
  from: Shape,
  crop: Crop
): OnnxValue => {
  const rank = from.length - 2
  const [lead, places] = [from.slice(0, -4), from.slice(-2)]
  if (sizeOf(op.kernel) > MANY_CELLS) return foldBySums(build, op, wholeFloat(build, value, from), crop)
  const isRepeated = value.dims[rank - 2] === 1 && value.dims[rank - 1] === 1
  const cells = isRepeated ? 1 : sizeOf(op.kernel)
  const weights = isRepeated
    ? expanded(build, build.number(1, 4), [1, 1, ...op.kernel])
    : build.floats(oneHotCells(op.kernel))
  const windows = wholeFloat(build, value, isRepeated ? [...lead, 1, 1, ...places] : from)
  const results = reshaped(build, windows, [sizeOf(lead), cells, ...places])
  const images = transposedConv(build, op, crop, [results, weights], 1)
  return reshaped(build, images, [...lead, ...images.dims.slice(-2)])
}

const fold: LowerOnnx<'fold'> = (build, op, [x], { inputs }) =>
  foldWindows(build, op, x!, inputs[0]!.shape, { start: [0, 0], limit: op.size })

/** A slice that takes the border off a fold, which then need not be written; undefined for any other node. */
export const slicedFold = (build: Builder, node: Tensor, valueOf: ValueOf): OnnxValue | undefined => {
  const part = isOp(node, 'slice') ? croppedFold(node) : undefined
  if (part === undefined) return undefined
  const { op, inputs } = part.folded
  return foldWindows(build, op, valueOf(inputs[0]!), inputs[0]!.shape, part.crop)
}

/** Lowers the primitives of windows. */
export const windows = { unfold, fold }
