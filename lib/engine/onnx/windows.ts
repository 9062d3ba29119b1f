import { scalar } from '../../core/ndarray.js'
import { sizeOf } from '../../core/shape.js'
import { isOp, type Tensor, type TensorOf } from '../../graph/tensor.js'
import { normalForm } from '../../optimise/normal.js'
import type { Builder, Value } from './builder.js'
import { convolved, convolvedBack } from './convolve.js'
import type { Convolution } from './convolution.js'
import { type Crop, fold, whole } from './fold.js'
import { pool, type Pooling } from './pool.js'
import { asFloat, expanded, one, reshaped } from './views.js'

/** The value that stands for a tensor. */
type ValueOf = (tensor: Tensor) => Value

/** A fold, and the part of it that is wanted: all, or what a slice leaves when it takes the border off. */
const croppedFold = (
  node: Tensor
): { readonly folded: TensorOf<'fold'>; readonly crop: Crop } | undefined => {
  if (isOp(node, 'fold')) return { folded: node, crop: whole(node.op.size) }
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

const lowerFold = (
  build: Builder,
  node: Tensor,
  found: ReadonlyMap<Tensor, Convolution>,
  of: ValueOf
): Value | undefined => {
  const part = croppedFold(node)
  if (part === undefined) return undefined
  const images = found.get(part.folded)
  if (images?.kind === 'images') return convolvedBack(build, images, part.crop, of)
  const windows = part.folded.inputs[0]!
  return fold(build, part.folded.op, of(windows), windows.shape, part.crop)
}

/** How a node reduces some axes of its operand, if that is all it does. */
const reductionOf = (
  node: Tensor
): { readonly pooling: Pooling; readonly axes: readonly number[] } | undefined => {
  if (isOp(node, 'reduceMax')) return { pooling: 'MaxPool', axes: node.op.axes }
  const form = isOp(node, 'contract') ? normalForm(node.op) : undefined
  return form?.kind === 'sum' ? { pooling: 'AveragePool', axes: form.axes } : undefined
}

/** The sum or maximum of each window of images. */
const lowerPooling = (build: Builder, node: Tensor, of: ValueOf): Value | undefined => {
  const reduction = reductionOf(node)
  const unfold = node.inputs[0]
  if (reduction === undefined || unfold === undefined || !isOp(unfold, 'unfold')) return undefined
  const { pooling, axes } = reduction
  const lead = unfold.shape.length - 4
  if (axes.length !== 2 || !axes.includes(lead) || !axes.includes(lead + 1)) return undefined
  const images = unfold.inputs[0]!
  const { kernel, stride } = unfold.op
  const stack = [sizeOf(images.shape.slice(0, lead)), ...images.shape.slice(-2)]
  const pooled = reshaped(
    build,
    pool(build, pooling, expanded(build, asFloat(build, of(images)), images.shape), stack, kernel, stride, [
      stack[0]!,
      ...unfold.shape.slice(-2)
    ]),
    node.shape
  )
  return pooling === 'MaxPool'
    ? pooled
    : one(build, 'Mul', [pooled, build.floats(scalar(sizeOf(kernel)))], node.shape)
}

/** A node about windows with the operator that ONNX has for it, instead of windows written out: convolution and pooling. */
export const lowerWindows = (
  build: Builder,
  node: Tensor,
  found: ReadonlyMap<Tensor, Convolution>,
  of: ValueOf
): Value | undefined => {
  const own = found.get(node)
  return own !== undefined && own.kind !== 'images'
    ? convolved(build, own, of)
    : (lowerFold(build, node, found, of) ?? lowerPooling(build, node, of))
}
