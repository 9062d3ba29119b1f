import { sameShape, type Shape, sizeOf } from '../../core/shape.js'
import type { ContractOp } from '../../graph/contract.js'
import { expectNormal, type NormalForm } from '../../optimise/normal-form.js'
import type { Builder, LowerOnnx, OnnxValue } from './builder.js'
import { sumOver } from './reduction.js'
import { cut } from './structure.js'
import { aligned, asFloat, broadcast, reshaped, spread, transposed, wholeFloat } from './views.js'

type Indices = readonly number[]

/** The indices of a matrix product by kind, each list in the order in which it is laid out. */
interface ProductLayout {
  readonly batch: Indices
  readonly left: Indices
  readonly right: Indices
  readonly summed: Indices
}

/** A matrix product as index lists, those of size 1 left out: no layout has to care about them. */
interface MatrixProduct {
  readonly first: Indices
  readonly second: Indices
  readonly output: Indices
  readonly sizes: readonly number[]
  readonly groups: ProductLayout
}

/** The number of elements of a tensor with these indices. */
export const sizeOfIndices = (indices: Indices, sizes: readonly number[]): number =>
  sizeOf(sizesOf(indices, sizes))

const sizesOf = (indices: Indices, sizes: readonly number[]): Shape => indices.map((index) => sizes[index]!)

/** The indices whose size is not 1. */
export const movingIndices = (indices: Indices, sizes: readonly number[]): Indices =>
  indices.filter((index) => sizes[index] !== 1)

/** A contraction as a matrix product. */
export const productOf = (
  { operands, output, sizes }: ContractOp,
  { batch, left, right, summed }: Extract<NormalForm, { kind: 'matmul' }>
): MatrixProduct => {
  const moving = (indices: Indices): Indices => movingIndices(indices, sizes)
  return {
    first: moving(operands[0]!),
    second: moving(operands[1]!),
    output: moving(output),
    sizes,
    groups: { batch: moving(batch), left: moving(left), right: moving(right), summed: moving(summed) }
  }
}

/** Whether the products are single dot products, which are multiplied and summed instead. */
export const isDot = ({ groups: { left, right, summed } }: MatrixProduct): boolean =>
  (left.length === 0 && right.length === 0) || summed.length === 0

/** The members of a group in the orders in which the given lists name them, without repetition. */
const orders = (group: Indices, ...lists: readonly Indices[]): readonly Indices[] => {
  const found = lists.map((list) => list.filter((index) => group.includes(index)))
  return found.filter((order, i) => found.findIndex((other) => sameShape(order, other)) === i)
}

/** A copy that ONNX Runtime folds into the product costs less than one it makes. */
const FOLDED = 0.25

/** How many elements have to be copied to lay `have` out as [batch, rows, columns], in either order of the last two. */
const copies = (
  have: Indices,
  batch: Indices,
  rows: Indices,
  columns: Indices,
  sizes: readonly number[]
): number => {
  const isOneOf = (...orders: readonly (readonly Indices[])[]): boolean =>
    orders.some((groups) => sameShape(have, groups.flat()))
  if (isOneOf([batch, rows, columns], [batch, columns, rows])) return 0
  const isFolded = isOneOf([rows, batch, columns], [columns, batch, rows])
  return (isFolded ? FOLDED : 1) * sizeOfIndices(have, sizes)
}

/**
 * The layout with the fewest copies, and how many elements they are. Within a group the order is free, as long as both
 * sides agree on it; the candidates are the orders in which operands and output already have it.
 */
export const chooseLayout = ({
  first,
  second,
  output,
  sizes,
  groups
}: MatrixProduct): { readonly layout: ProductLayout; readonly cost: number } => {
  let best = { layout: groups, cost: Infinity }
  for (const batch of orders(groups.batch, output, first, second))
    for (const left of orders(groups.left, output, first))
      for (const right of orders(groups.right, output, second))
        for (const summed of orders(groups.summed, first, second)) {
          const isStraight = [
            [batch, left, right],
            [batch, right, left]
          ].some((order) => sameShape(output, order.flat()))
          const cost =
            copies(first, batch, left, summed, sizes) +
            copies(second, batch, summed, right, sizes) +
            (isStraight ? 0 : sizeOfIndices(output, sizes))
          if (cost < best.cost) best = { layout: { batch, left, right, summed }, cost }
          if (cost === 0) return best
        }
  return best
}

const multiply = (build: Builder, a: OnnxValue, b: OnnxValue): OnnxValue => {
  const dims = broadcast([a, b])
  return build.emit('Mul', [spread(build, a, dims), spread(build, b, dims)], dims)
}

/** Where each index of an order is. */
const placesIn = (have: Indices, order: Indices): Indices => order.map((index) => have.indexOf(index))

/**
 * An operand as one axis for each of the groups, in the order they are named. Groups that lie in this order already are
 * only reshaped.
 */
export const grouped = (
  build: Builder,
  value: OnnxValue,
  have: Indices,
  groups: readonly Indices[],
  sizes: readonly number[]
): OnnxValue =>
  transposed(
    build,
    value,
    placesIn(have, groups.flat()),
    groups.map((group) => sizeOfIndices(group, sizes))
  )

/** A value of grouped axes with an axis for each of the indices they are made of, in another order and of this shape. */
export const ungrouped = (
  build: Builder,
  value: OnnxValue,
  have: Indices,
  order: Indices,
  sizes: readonly number[],
  shape: Shape
): OnnxValue => transposed(build, reshaped(build, value, sizesOf(have, sizes)), placesIn(have, order), shape)

const startsWith = (have: Indices, ...groups: readonly Indices[]): boolean =>
  groups.flat().every((index, i) => have[i] === index)

/** A product of two operands whose layout is [batch, left, summed] or its transpose, and [batch, summed, right] or its. */
const matrixProduct = (
  build: Builder,
  a: OnnxValue,
  b: OnnxValue,
  { batch, left, right, summed }: ProductLayout,
  { first, second, sizes }: Pick<MatrixProduct, 'first' | 'second' | 'sizes'>
): OnnxValue => {
  const [count, rows, columns] = [batch, left, right].map((group) => sizeOfIndices(group, sizes))
  if (batch.length === 0) {
    // Gemm takes either order of both operands at the same speed, so nothing is ever moved here
    const transA = startsWith(first, summed, left)
    const transB = startsWith(second, right, summed)
    const flatA = grouped(build, a, first, transA ? [summed, left] : [left, summed], sizes)
    const flatB = grouped(build, b, second, transB ? [right, summed] : [summed, right], sizes)
    return build.emit('Gemm', [flatA, flatB], [rows!, columns!], {
      transA: Number(transA),
      transB: Number(transB)
    })
  }
  // ONNX Runtime folds these transposes into the product
  const stackA = grouped(build, a, first, [batch, left, summed], sizes)
  const stackB = grouped(build, b, second, [batch, summed, right], sizes)
  return build.emit('MatMul', [stackA, stackB], [count!, rows!, columns!])
}

/** One row times one column at a time is several times slower than a product and a sum. */
const dotProducts = (
  build: Builder,
  [a, b]: readonly OnnxValue[],
  { first, second, output, groups }: MatrixProduct
): OnnxValue => {
  const order = [...output, ...groups.summed]
  const along = (value: OnnxValue, indices: Indices): OnnxValue =>
    aligned(
      build,
      value,
      order.map((index) => (indices.includes(index) ? indices.indexOf(index) : null))
    )
  const elementwise = multiply(build, along(a!, first), along(b!, second))
  const axes = groups.summed.map((_, i) => output.length + i)
  return sumOver(build, elementwise, axes, elementwise.dims)
}

/** A matrix product of operands with the axes of its index lists, and the result with those of its output. */
const productValue = (
  build: Builder,
  [a, b]: readonly [OnnxValue, OnnxValue],
  product: MatrixProduct
): OnnxValue => {
  const { first, second, output, sizes } = product
  const { layout } = chooseLayout(product)
  const { batch, left, right } = layout
  const isSwapped = left.length > 0 && right.length > 0 && startsWith(output, batch, right, left)
  const raw = isSwapped
    ? matrixProduct(
        build,
        b,
        a,
        { ...layout, left: right, right: left },
        { sizes, first: second, second: first }
      )
    : matrixProduct(build, a, b, layout, product)
  const order = isSwapped ? [...batch, ...right, ...left] : [...batch, ...left, ...right]
  return ungrouped(build, raw, order, output, sizes, sizesOf(output, sizes))
}

/**
 * Sums of products that are longer than this lose digits in ONNX Runtime, whose blocks are added one by one. Its WebGPU has
 * no blocks: 4,099 equal products are off by 2.1e-5.
 */
const longOf = ({ target }: Builder): number => (target === 'webgpu' ? 2048 : 65_536)
/** The length of the parts of a long sum. Results of up to PART² / 4 elements take no more memory than the operands. */
const PART = 256

/** A product with one long summed axis, as products of parts of it and a sum; undefined for any other. */
const longProduct = (
  build: Builder,
  [a, b]: readonly [OnnxValue, OnnxValue],
  product: MatrixProduct
): OnnxValue | undefined => {
  const { first, second, output, sizes, groups } = product
  const [along = -1] = groups.summed
  const size = sizeOfIndices(groups.summed, sizes)
  const isPlain = groups.summed.length === 1 && groups.batch.length === 0
  if (!isPlain || size <= longOf(build) || sizeOfIndices(output, sizes) > PART ** 2 / 4) return undefined
  const count = Math.floor(size / PART)
  const section = (value: OnnxValue, indices: Indices, start: number, limit: number): OnnxValue =>
    cut(build, value, [{ axis: indices.indexOf(along), start, limit, stride: 1 }])
  const batch = sizes.length
  const inParts = (indices: Indices): Indices => indices.flatMap((i) => (i === along ? [batch, i] : [i]))
  const partSizes = [...sizes.with(along, PART), count]
  const parted = (value: OnnxValue, indices: Indices): OnnxValue =>
    reshaped(build, section(value, indices, 0, count * PART), sizesOf(inParts(indices), partSizes))
  const products = productValue(build, [parted(a, first), parted(b, second)], {
    first: inParts(first),
    second: inParts(second),
    output: [batch, ...output],
    sizes: partSizes,
    groups: { ...groups, batch: [batch] }
  })
  const total = sumOver(build, products, [0], products.dims)
  const rest = size - count * PART
  if (rest === 0) return total
  const tails = [section(a, first, size - rest, size), section(b, second, size - rest, size)] as const
  const tail = productValue(build, tails, { ...product, sizes: sizes.with(along, rest) })
  return build.emit('Add', [total, tail], total.dims)
}

const matmul = (
  build: Builder,
  form: Extract<NormalForm, { kind: 'matmul' }>,
  op: ContractOp,
  args: readonly OnnxValue[],
  shape: Shape
): OnnxValue => {
  const product = productOf(op, form)
  const { first, second, sizes } = product
  const operands = [first, second].map((indices, k) => {
    const whole = wholeFloat(build, args[k]!, sizesOf(op.operands[k]!, sizes))
    return reshaped(build, whole, sizesOf(indices, sizes))
  })
  const pair = [operands[0]!, operands[1]!] as const
  const value = isDot(product)
    ? dotProducts(build, operands, product)
    : (longProduct(build, pair, product) ?? productValue(build, pair, product))
  return reshaped(build, value, shape)
}

/** Lowers a contraction in normal form. */
export const contract: LowerOnnx<'contract'> = (build, op, args, { shape }) => {
  const form = expectNormal(op)
  switch (form.kind) {
    case 'permute':
      return aligned(build, args[0]!, form.from)
    case 'sum':
      return sumOver(build, asFloat(build, args[0]!), form.axes, sizesOf(op.operands[0]!, op.sizes))
    case 'product': {
      const [a, b] = form.from.map((from, k) => aligned(build, args[k]!, from))
      return multiply(build, asFloat(build, a!), asFloat(build, b!))
    }
    case 'matmul':
      return matmul(build, form, op, args, shape)
  }
}
