import { type Shape, sizeOf } from '../../core/shape.js'
import { isOp, type Tensor, type TensorOf } from '../../graph/tensor.js'
import type { Builder, Value } from './builder.js'
import { grouped } from './contract.js'
import type { Convolution } from './convolution.js'
import { type Crop, transposedConv } from './fold.js'
import { asFloat, expanded, one, reshaped, transposed } from './views.js'

/** The value that stands for a tensor. */
type ValueOf = (tensor: Tensor) => Value

type Indices = readonly number[]

/** What is written for one contraction, its sizes at hand. */
interface Writer {
  readonly build: Builder
  readonly sizes: readonly number[]
  readonly product: (indices: Indices) => number
}

const writer = (build: Builder, { product }: Convolution, ...more: readonly number[]): Writer => {
  const sizes = [...product.op.sizes, ...more]
  return { build, sizes, product: (indices) => sizeOf(indices.map((index) => sizes[index]!)) }
}

/** A whole tensor with one axis for each group of its indices; axes without an index have size 1. */
const laid = (
  { build, sizes }: Writer,
  value: Value,
  shape: Shape,
  have: readonly (number | undefined)[],
  groups: readonly Indices[]
): Value => {
  const kept = have.filter((index) => index !== undefined)
  const whole = expanded(build, asFloat(build, value), shape)
  const flat = reshaped(
    build,
    whole,
    kept.map((index) => sizes[index]!)
  )
  return grouped(build, flat, kept, groups, sizes)
}

/** A result whose axes are these indices as a tensor of another order, axes of size 1 put back. */
const arranged = (
  { build, sizes }: Writer,
  value: Value,
  have: Indices,
  order: readonly (number | undefined)[],
  shape: Shape
): Value => {
  const apart = reshaped(
    build,
    value,
    have.map((index) => sizes[index]!)
  )
  const wanted = order.filter((index) => index !== undefined)
  return reshaped(
    build,
    transposed(
      build,
      apart,
      wanted.map((index) => have.indexOf(index))
    ),
    shape
  )
}

const indicesAt = ({ op }: TensorOf<'contract'>, operand: number): (number | undefined)[] =>
  op.operands[operand]!.map((index) => (op.sizes[index] === 1 ? undefined : index))

const outputOf = ({ op }: TensorOf<'contract'>): (number | undefined)[] =>
  op.output.map((index) => (op.sizes[index] === 1 ? undefined : index))

/** What is convolved: the images without their border of zeros, which a convolution adds by itself. */
const borderOf = (images: Tensor): { readonly inner: Tensor; readonly pads: readonly number[] } => {
  if (isOp(images, 'pad')) {
    const { low, high, interior } = images.op
    const isBorder =
      interior.every((n) => n === 0) && [low, high].every((side) => side.slice(0, -2).every((n) => n === 0))
    if (isBorder) return { inner: images.inputs[0]!, pads: [...low.slice(-2), ...high.slice(-2)] }
  }
  return { inner: images, pads: [0, 0, 0, 0] }
}

type OverWindows = Extract<Convolution, { readonly kind: 'results' | 'weights' }>

/** The results, as one Conv; what has weights of its own is a group of channels. */
const results = (build: Builder, convolution: OverWindows, valueOf: ValueOf): Value => {
  const { product, unfold, windows, lead, roles } = convolution
  const { inner, pads } = borderOf(unfold.inputs[0]!)
  const [height, width] = inner.shape.slice(-2) as [number, number]
  const write = writer(build, convolution, height, width)
  const [row, column] = [product.op.sizes.length, product.op.sizes.length + 1]
  const { batch, groups, channels, out, cell, place } = roles
  const x = laid(
    write,
    valueOf(inner),
    inner.shape,
    [...lead, row, column],
    [batch, [...groups, ...channels], [row], [column]]
  )
  const weights = product.inputs[1 - windows]!
  const flat = laid(write, valueOf(weights), weights.shape, indicesAt(product, 1 - windows), [
    [...groups, ...out],
    channels,
    cell
  ])
  const { kernel, stride } = unfold.op
  const w = reshaped(build, flat, [flat.dims[0]!, flat.dims[1]!, ...kernel])
  const dims = [x.dims[0]!, w.dims[0]!, ...unfold.shape.slice(-2)]
  const y = one(build, 'Conv', [x, w], dims, {
    kernel_shape: kernel,
    strides: stride,
    pads,
    group: write.product(groups)
  })
  return arranged(write, y, [...batch, ...groups, ...out, ...place], outputOf(product), product.shape)
}

/**
 * The gradient of the weights: for each cell of the window one product of the gradient of the results with the images moved
 * by that cell, channels last. With 16 channels it takes 1.2 ms where a Conv with the roles exchanged takes 2.9 and one
 * product of all windows 1.8 (64 images of 14 × 14, 3 × 3 to 32 channels, one thread).
 */
const weights = (build: Builder, convolution: OverWindows, valueOf: ValueOf): Value => {
  const { product, unfold, windows, lead, roles } = convolution
  const images = unfold.inputs[0]!
  const [height, width] = images.shape.slice(-2) as [number, number]
  const write = writer(build, convolution, height, width)
  const [row, column] = [product.op.sizes.length, product.op.sizes.length + 1]
  const { batch, channels, out, cell, place } = roles
  const x = laid(
    write,
    valueOf(images),
    images.shape,
    [...lead, row, column],
    [batch, [row], [column], channels]
  )
  const gradient = product.inputs[1 - windows]!
  const d = laid(write, valueOf(gradient), gradient.shape, indicesAt(product, 1 - windows), [
    out,
    [...batch, ...place]
  ])
  const { kernel, stride } = unfold.op
  const [oh, ow] = unfold.shape.slice(-2) as [number, number]
  const depth = x.dims[3]!
  const parts = Array.from({ length: kernel[0] * kernel[1] }, (_, at) => {
    const start = [Math.floor(at / kernel[1]), at % kernel[1]] as const
    const limit = [start[0] + (oh - 1) * stride[0] + 1, start[1] + (ow - 1) * stride[1] + 1]
    const moved = one(
      build,
      'Slice',
      [x, build.ints(start), build.ints(limit), build.ints([1, 2]), build.ints(stride)],
      [x.dims[0]!, oh, ow, depth]
    )
    const rows = reshaped(build, moved, [x.dims[0]! * oh * ow, depth])
    return reshaped(build, one(build, 'Gemm', [d, rows], [d.dims[0]!, depth]), [d.dims[0]!, 1, depth])
  })
  const w = one(build, 'Concat', parts, [d.dims[0]!, parts.length, depth], { axis: 1 })
  return arranged(write, w, [...out, ...cell, ...channels], outputOf(product), product.shape)
}

/** A convolution over windows, for the contraction that asks for it. */
export const convolved = (build: Builder, convolution: OverWindows, valueOf: ValueOf): Value =>
  convolution.kind === 'results' ? results(build, convolution, valueOf) : weights(build, convolution, valueOf)

/** The gradient of the images, or of a part of them, as one ConvTranspose. */
export const convolvedBack = (
  build: Builder,
  convolution: Extract<Convolution, { readonly kind: 'images' }>,
  { start, limit }: Crop,
  valueOf: ValueOf
): Value => {
  const { product, fold, results: at, lead, roles } = convolution
  const { kernel } = fold.op
  const height = limit[0] - start[0]
  const width = limit[1] - start[1]
  const write = writer(build, convolution, height, width)
  const [row, column] = [product.op.sizes.length, product.op.sizes.length + 1]
  const { batch, groups, channels, out, cell, place } = roles
  const [gradient, other] = [product.inputs[at]!, product.inputs[1 - at]!]
  const [oh, ow] = fold.inputs[0]!.shape.slice(-2) as [number, number]
  const flat = laid(write, valueOf(gradient), gradient.shape, indicesAt(product, at), [
    batch,
    [...groups, ...out],
    place
  ])
  const d = reshaped(build, flat, [flat.dims[0]!, flat.dims[1]!, oh, ow])
  const rows = laid(write, valueOf(other), other.shape, indicesAt(product, 1 - at), [
    [...groups, ...out],
    channels,
    cell
  ])
  const w = reshaped(build, rows, [rows.dims[0]!, rows.dims[1]!, ...kernel])
  const x = transposedConv(build, fold.op, { start, limit }, [d, w], write.product(groups))
  return arranged(
    write,
    x,
    [...batch, ...groups, ...channels, row, column],
    [...lead, row, column],
    [...fold.shape.slice(0, -2), height, width]
  )
}
