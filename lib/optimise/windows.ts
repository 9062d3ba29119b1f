import { sameShape } from '../core/shape.js'
import { contract } from '../graph/contract.js'
import { apply, isOp, type Tensor } from '../graph/tensor.js'
import { isFiniteForFinite } from './finite.js'
import type { Rewrite } from './rewrite.js'

/** Windows along one axis, as a part of unfold and fold. */
interface Windows {
  readonly size: number
  readonly kernel: number
  readonly stride: number
}

/** How many windows there are, if they are side by side or there is only one: then each element is in at most one of them. */
const sideBySide = ({ size, kernel, stride }: Windows): number | undefined => {
  const count = Math.floor((size - kernel) / stride) + 1
  return kernel === stride || count === 1 ? count : undefined
}

/** Sizes along the last two axes of windows side by side: [rows, kernel rows, columns, kernel columns]. */
const tiles = (
  [height, width]: readonly number[],
  { kernel, stride }: { readonly kernel: readonly number[]; readonly stride: readonly number[] }
): readonly number[] | undefined => {
  const [rows, columns] = [height!, width!].map((size, axis) =>
    sideBySide({ size, kernel: kernel[axis]!, stride: stride[axis]! })
  )
  return rows === undefined || columns === undefined ? undefined : [rows, kernel[0]!, columns, kernel[1]!]
}

/** The last four axes [a, b, c, d] as [b, d, a, c], or back. */
const turned = (x: Tensor, [p, q, r, s]: readonly [number, number, number, number]): Tensor => {
  const lead = x.shape.length - 4
  const axes = x.shape.map((_, axis) => axis)
  return contract([x], [axes], [...axes.slice(0, lead), lead + p, lead + q, lead + r, lead + s], x.shape)
}

/** Convolution windows that are no more than another order of elements, through which contractions can merge, and maxima. */
export const windows: readonly Rewrite[] = [
  {
    name: 'unfold of windows side by side = reshape',
    of: ['unfold'],
    apply: (node) => {
      if (!isOp(node, 'unfold')) return undefined
      const x = node.inputs[0]!
      const sizes = tiles(x.shape.slice(-2), node.op)
      if (sizes === undefined) return undefined
      const lead = x.shape.slice(0, -2)
      const [rows, kh, columns, kw] = sizes as readonly [number, number, number, number]
      const limit = [...lead, rows * kh, columns * kw]
      const covered = sameShape(limit, x.shape)
        ? x
        : apply({ tag: 'slice', start: limit.map(() => 0), limit, stride: limit.map(() => 1) }, [x])
      return turned(apply({ tag: 'reshape', shape: [...lead, ...sizes] }, [covered]), [1, 3, 0, 2])
    }
  },
  {
    name: 'fold of windows side by side = reshape',
    of: ['fold'],
    apply: (node) => {
      if (!isOp(node, 'fold')) return undefined
      const sizes = tiles(node.op.size, node.op)
      if (sizes === undefined) return undefined
      const lead = node.shape.slice(0, -2)
      const [rows, kh, columns, kw] = sizes as readonly [number, number, number, number]
      const covered = [...lead, rows * kh, columns * kw]
      const flat = apply({ tag: 'reshape', shape: covered }, [turned(node.inputs[0]!, [2, 0, 3, 1])])
      const zeros = node.shape.map(() => 0)
      const high = node.shape.map((n, axis) => n - covered[axis]!)
      return sameShape(covered, node.shape)
        ? flat
        : apply({ tag: 'pad', low: zeros, high, interior: zeros }, [flat])
    }
  },
  {
    name: 'largest of permuted = permuted largest',
    of: ['reduceMax'],
    apply: (node) => {
      const inner = node.inputs[0]
      if (!isOp(node, 'reduceMax') || !isOp(inner!, 'contract') || inner.inputs.length !== 1) return undefined
      const [own] = inner.op.operands
      const { output, sizes } = inner.op
      const isPermutation =
        own!.length === output.length &&
        new Set(own).size === own!.length &&
        own!.every((index) => output.includes(index))
      if (!isPermutation) return undefined
      const gone = node.op.axes.map((axis) => output[axis]!)
      const axes = own!.flatMap((index, axis) => (gone.includes(index) ? [axis] : []))
      const kept = (indices: readonly number[]): number[] => indices.filter((index) => !gone.includes(index))
      return contract([apply({ tag: 'reduceMax', axes }, inner.inputs)], [kept(own!)], kept(output), sizes)
    }
  },
  {
    name: 'c · gate(c, x) = c · x for a finite x',
    of: ['contract'],
    apply: (node) => {
      if (!isOp(node, 'contract')) return undefined
      const { operands, output, sizes } = node.op
      // of the derivative of a maximum, whose shares of it are 0 where the gate is closed
      const opened = node.inputs.map((input, k) => {
        const [c, x] = input.inputs
        const multiplies = node.inputs.some((by, j) => by === c && sameShape(operands[j]!, operands[k]!))
        return isOp(input, 'pointwise') && input.op.fn === 'gate' && multiplies && isFiniteForFinite(x!)
          ? x!
          : input
      })
      return opened.some((x, k) => x !== node.inputs[k])
        ? contract(opened, operands, output, sizes)
        : undefined
    }
  }
]
