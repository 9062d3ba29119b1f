import { isOp, type Tensor } from '../../graph/tensor.js'
import type { Builder, OnnxValue, ValueOf } from './builder.js'
import { grouped, sizeOfIndices, ungrouped } from './contract.js'
import {
  type AxisIndices,
  type Convolution,
  movingOf,
  type OverWindows,
  type UnderFold
} from './convolution.js'
import { reshaped, stacked, wholeFloat } from './views.js'
import { type Crop, croppedFold, transposedConv } from './windows.js'

type Indices = readonly number[]

/** Lays tensors out for one convolution, whose images have the indices `row` and `column`. */
interface Arranger {
  readonly row: number
  readonly column: number
  /** A whole tensor with one axis for each group of its indices; axes without an index have size 1. */
  readonly lay: (tensor: Tensor, have: AxisIndices, groups: readonly Indices[]) => OnnxValue
  /** An operand of the contraction, laid out likewise. */
  readonly operand: (at: number, groups: readonly Indices[]) => OnnxValue
  /** A result whose axes are these indices as a tensor of another order, axes of size 1 put back. */
  readonly arrange: (value: OnnxValue, have: Indices, order: AxisIndices, shape: Indices) => OnnxValue
  /** The same, as the result of the contraction. */
  readonly result: (value: OnnxValue, have: Indices) => OnnxValue
}

const arranger = (
  build: Builder,
  { product }: Convolution,
  valueOf: ValueOf,
  [height, width]: readonly [number, number]
): Arranger => {
  const { op, inputs, shape } = product
  const sizes = [...op.sizes, height, width]
  const lay: Arranger['lay'] = (tensor, have, groups) => {
    const kept = have.filter((index) => index !== undefined)
    const flat = reshaped(
      build,
      wholeFloat(build, valueOf(tensor), tensor.shape),
      kept.map((index) => sizes[index]!)
    )
    return grouped(build, flat, kept, groups, sizes)
  }
  const arrange: Arranger['arrange'] = (value, have, order, to) => {
    const kept = order.filter((index) => index !== undefined)
    return ungrouped(build, value, have, kept, sizes, to)
  }
  return {
    row: op.sizes.length,
    column: op.sizes.length + 1,
    lay,
    operand: (at, groups) => lay(inputs[at]!, movingOf(op, op.operands[at]!), groups),
    arrange,
    result: (value, have) => arrange(value, have, movingOf(op, op.output), shape)
  }
}

const lastTwo = ({ shape }: Tensor): readonly [number, number] => [shape.at(-2)!, shape.at(-1)!]

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

/** The results, as one Conv; what has weights of its own is a group of channels. */
const results = (build: Builder, convolution: OverWindows, valueOf: ValueOf): OnnxValue => {
  const { product, unfold, windows, lead, roles } = convolution
  const { inner, pads } = borderOf(unfold.inputs[0]!)
  const { row, column, lay, operand, result } = arranger(build, convolution, valueOf, lastTwo(inner))
  const { batch, groups, channels, out, cell, place } = roles
  const x = lay(inner, [...lead, row, column], [batch, [...groups, ...channels], [row], [column]])
  const flat = operand(1 - windows, [[...groups, ...out], channels, cell])
  const { kernel, stride } = unfold.op
  const w = reshaped(build, flat, [flat.dims[0]!, flat.dims[1]!, ...kernel])
  const y = build.emit('Conv', [x, w], [x.dims[0]!, w.dims[0]!, ...lastTwo(unfold)], {
    kernel_shape: kernel,
    strides: stride,
    pads,
    group: sizeOfIndices(groups, product.op.sizes)
  })
  return result(y, [...batch, ...groups, ...out, ...place])
}

/**
 * The gradient of the weights: for each cell of the window one product of the gradient of the results with the images moved
 * by that cell, channels last. With 16 channels it takes 1.2 ms where a Conv with the roles exchanged takes 2.9 and one
 * product of all windows 1.8 (64 images of 14 × 14, 3 × 3 to 32 channels, one thread).
 */
const weights = (build: Builder, convolution: OverWindows, valueOf: ValueOf): OnnxValue => {
  const { unfold, windows, lead, roles } = convolution
  const images = unfold.inputs[0]!
  const { row, column, lay, operand, result } = arranger(build, convolution, valueOf, lastTwo(images))
  const { batch, channels, out, cell, place } = roles
  const x = lay(images, [...lead, row, column], [batch, [row], [column], channels])
  const d = operand(1 - windows, [out, [...batch, ...place]])
  const { kernel, stride } = unfold.op
  const [oh, ow] = lastTwo(unfold)
  const [n, , , depth] = x.dims as readonly [number, number, number, number]
  const count = d.dims[0]!
  const parts = Array.from({ length: kernel[0] * kernel[1] }, (_, at) => {
    const start = [Math.floor(at / kernel[1]), at % kernel[1]] as const
    const limit = [start[0] + (oh - 1) * stride[0] + 1, start[1] + (ow - 1) * stride[1] + 1]
    const numbers = [start, limit, [1, 2], stride].map((list) => build.ints(list))
    const moved = build.emit('Slice', [x, ...numbers], [n, oh, ow, depth])
    const rows = reshaped(build, moved, [n * oh * ow, depth])
    return build.emit('Gemm', [d, rows], [count, depth])
  })
  return result(stacked(build, parts, 1), [...out, ...cell, ...channels])
}

/** The gradient of the images, or of a part of them, as one ConvTranspose. */
const imagesOf = (
  build: Builder,
  convolution: UnderFold,
  { start, limit }: Crop,
  valueOf: ValueOf
): OnnxValue => {
  const { product, fold, results: at, lead, roles } = convolution
  const size = [limit[0] - start[0], limit[1] - start[1]] as const
  const { row, column, operand, arrange } = arranger(build, convolution, valueOf, size)
  const { batch, groups, channels, out, cell, place } = roles
  const flat = operand(at, [batch, [...groups, ...out], place])
  const d = reshaped(build, flat, [flat.dims[0]!, flat.dims[1]!, ...lastTwo(fold.inputs[0]!)])
  const rows = operand(1 - at, [[...groups, ...out], channels, cell])
  const w = reshaped(build, rows, [rows.dims[0]!, rows.dims[1]!, ...fold.op.kernel])
  const group = sizeOfIndices(groups, product.op.sizes)
  const x = transposedConv(build, fold.op, { start, limit }, [d, w], group)
  const have = [...batch, ...groups, ...channels, row, column]
  return arrange(x, have, [...lead, row, column], [...fold.shape.slice(0, -2), ...size])
}

/** Lowers a node that is a convolution to the operator that ONNX has for it; undefined for any other node. */
export const convolve = (
  build: Builder,
  node: Tensor,
  found: ReadonlyMap<Tensor, Convolution>,
  valueOf: ValueOf
): OnnxValue | undefined => {
  const own = found.get(node)
  if (own?.kind === 'results') return results(build, own, valueOf)
  if (own?.kind === 'weights') return weights(build, own, valueOf)
  const part = croppedFold(node)
  const images = part === undefined ? undefined : found.get(part.folded)
  return images?.kind === 'images' ? imagesOf(build, images, part!.crop, valueOf) : undefined
}
