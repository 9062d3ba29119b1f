import { full, scalar } from '../../core/ndarray.js'
import { type Shape, sizeOf } from '../../core/shape.js'
import type { ContractOp } from '../../graph/contract.js'
import { expectNormal, type NormalForm } from '../../optimise/normal.js'
import type { Builder, Value } from './builder.js'
import { chooseLayout, isDot, type Layout, type Product } from './layout.js'
import { pooledTiles } from './pool.js'
import { aligned, asFloat, broadcast, expanded, one, reshaped, spread, transposed } from './views.js'

/**
 * Sums over the first axes of a tensor: a row of ones times it as a matrix. With two threads this takes a quarter of the
 * time of ReduceSum, 25 instead of 98 µs for 128 × 512; with one they are equal.
 */
const sumOfRows = (build: Builder, value: Value, count: number, kept: Shape): Value => {
  const rows = sizeOf(value.dims.slice(0, count))
  const matrix = reshaped(build, value, [rows, sizeOf(kept)])
  const row = expanded(build, build.floats(full([1, rows], 1)), [1, rows])
  return reshaped(build, one(build, 'Gemm', [row, matrix], [1, sizeOf(kept)]), kept)
}

/** Sums over axes; a repeated axis is summed by its size. */
const sumOver = (build: Builder, value: Value, axes: readonly number[], shape: Shape): Value => {
  const real = axes.filter((axis) => value.dims[axis] === shape[axis])
  const repeats = sizeOf(axes.filter((axis) => !real.includes(axis)).map((axis) => shape[axis]!))
  const dims = value.dims.filter((_, axis) => !axes.includes(axis))
  const moving = real.filter((axis) => shape[axis] !== 1)
  const kept = value.dims.filter((_, axis) => !moving.includes(axis))
  const isLeading = kept.length > 0 && moving.every((axis, i) => axis === i)
  const means = pooledTiles(build, 'AveragePool', value, moving)
  const summed =
    moving.length === 0
      ? value
      : isLeading
        ? sumOfRows(build, value, moving.length, kept)
        : means !== undefined
          ? one(
              build,
              'Mul',
              [means, build.floats(scalar(sizeOf(moving.map((axis) => value.dims[axis]!))))],
              kept
            )
          : one(build, 'ReduceSum', [value, build.ints(moving)], kept, { keepdims: 0 })
  const total = reshaped(build, summed, dims)
  return repeats === 1 ? total : one(build, 'Mul', [total, build.floats(scalar(repeats))], dims)
}

const multiply = (build: Builder, a: Value, b: Value): Value => {
  const dims = broadcast([a, b])
  return one(build, 'Mul', [spread(build, a, dims), spread(build, b, dims)], dims)
}

const sizeOfGroup = (group: readonly number[], sizes: readonly number[]): number =>
  sizeOf(group.map((index) => sizes[index]!))

/**
 * An operand as one axis for each of the three groups, in the order they are named. Groups that lie in this order
 * already are only reshaped.
 */
export const grouped = (
  build: Builder,
  value: Value,
  have: readonly number[],
  groups: readonly (readonly number[])[],
  sizes: readonly number[]
): Value =>
  reshaped(
    build,
    transposed(
      build,
      value,
      groups.flat().map((index) => have.indexOf(index))
    ),
    groups.map((group) => sizeOfGroup(group, sizes))
  )

const startsWith = (have: readonly number[], ...groups: readonly (readonly number[])[]): boolean =>
  groups.flat().every((index, i) => have[i] === index)

/** A product of two operands whose layout is [batch, left, summed] or its transpose, and [batch, summed, right] or its. */
const matrixProduct = (
  build: Builder,
  a: Value,
  b: Value,
  { batch, left, right, summed }: Layout,
  { first, second, sizes }: Product
): Value => {
  const rows = sizeOfGroup(left, sizes)
  const columns = sizeOfGroup(right, sizes)
  const transA = startsWith(first, batch, summed, left)
  const transB = startsWith(second, batch, right, summed)
  if (batch.length === 0) {
    // Gemm takes either order of both operands at the same speed, so nothing is ever moved here
    const flatA = grouped(build, a, first, transA ? [summed, left] : [left, summed], sizes)
    const flatB = grouped(build, b, second, transB ? [right, summed] : [summed, right], sizes)
    return one(build, 'Gemm', [flatA, flatB], [rows, columns], {
      transA: Number(transA),
      transB: Number(transB)
    })
  }
  // ONNX Runtime folds these transposes into the product
  const stackA = grouped(build, a, first, [batch, left, summed], sizes)
  const stackB = grouped(build, b, second, [batch, summed, right], sizes)
  return one(build, 'MatMul', [stackA, stackB], [sizeOfGroup(batch, sizes), rows, columns])
}

/** Leaves out axes of size 1: no layout has to care about them. */
const withoutUnits = ({ first, second, output, sizes }: Product): Product => {
  const kept = (indices: readonly number[]): number[] => indices.filter((index) => sizes[index] !== 1)
  return { first: kept(first), second: kept(second), output: kept(output), sizes }
}

const matmul = (
  build: Builder,
  form: Extract<NormalForm, { kind: 'matmul' }>,
  { operands, output, sizes }: ContractOp,
  args: readonly Value[],
  shape: Shape
): Value => {
  const product = withoutUnits({ first: operands[0]!, second: operands[1]!, output, sizes })
  const [a, b] = [product.first, product.second].map((indices, k) => {
    const whole = operands[k]!.map((index) => sizes[index]!)
    const value = expanded(build, asFloat(build, args[k]!), whole)
    return reshaped(
      build,
      value,
      indices.map((index) => sizes[index]!)
    )
  })
  const real = (group: readonly number[]): number[] => group.filter((index) => sizes[index] !== 1)
  const groups = {
    batch: real(form.batch),
    left: real(form.left),
    right: real(form.right),
    summed: real(form.summed)
  }
  if (isDot(groups)) {
    // dot products: one row times one column at a time is several times slower than a product and a sum
    const order = [...product.output, ...groups.summed]
    const spread = (value: Value, indices: readonly number[]): Value =>
      aligned(
        build,
        value,
        order.map((index) => (indices.includes(index) ? indices.indexOf(index) : null))
      )
    const elementwise = multiply(build, spread(a!, product.first), spread(b!, product.second))
    const axes = groups.summed.map((_, i) => product.output.length + i)
    return reshaped(build, sumOver(build, elementwise, axes, elementwise.dims), shape)
  }
  const { layout } = chooseLayout(groups, product)
  const { batch, left, right } = layout
  const isSwapped = left.length > 0 && right.length > 0 && startsWith(product.output, batch, right, left)
  const raw = isSwapped
    ? matrixProduct(
        build,
        b!,
        a!,
        { ...layout, left: right, right: left },
        { ...product, first: product.second, second: product.first }
      )
    : matrixProduct(build, a!, b!, layout, product)
  const order = isSwapped ? [...batch, ...right, ...left] : [...batch, ...left, ...right]
  const result = reshaped(
    build,
    raw,
    order.map((index) => sizes[index]!)
  )
  return reshaped(
    build,
    transposed(
      build,
      result,
      product.output.map((index) => order.indexOf(index))
    ),
    shape
  )
}

/** Writes a contraction in normal form. */
export const contract = (build: Builder, op: ContractOp, args: readonly Value[], shape: Shape): Value => {
  const form = expectNormal(op)
  switch (form.kind) {
    case 'permute':
      return aligned(build, args[0]!, form.from)
    case 'sum':
      return sumOver(
        build,
        asFloat(build, args[0]!),
        form.axes,
        op.operands[0]!.map((index) => op.sizes[index]!)
      )
    case 'product': {
      const [a, b] = form.from.map((from, k) => aligned(build, args[k]!, from))
      return multiply(build, asFloat(build, a!), asFloat(build, b!))
    }
    case 'matmul':
      return matmul(build, form, op, args, shape)
  }
}
