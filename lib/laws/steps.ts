import { type Shape, sizeOf } from '../core/shape.js'
import { contract } from '../graph/contract.js'
import { ops } from '../graph/ops/index.js'
import { unaryFunctions, type UnaryName } from '../graph/primitives/pointwise.js'
import { apply, type Tensor } from '../graph/tensor.js'

/** Draws a whole number below `sides`: the source of a step's parameters. */
export type Dice = (sides: number) => number

/** One step of a random program: a new tensor from one or two known ones, or undefined where it does not apply. */
export type Step = (a: Tensor, b: Tensor, dice: Dice) => Tensor | undefined

const MAX_RANK = 4
const MAX_SIZE = 300

const unary =
  (f: (x: Tensor) => Tensor): Step =>
  (a) =>
    f(a)

/** b in the shape of a: broadcast along axes of equal size, averaged and repeated by a contraction along the others. */
export const fitted = (b: Tensor, shape: Shape): Tensor => {
  const rank = shape.length
  const own = b.shape.map((n, axis) => {
    const at = rank - b.shape.length + axis
    return at >= 0 && n === shape[at] ? at : rank + axis
  })
  const mean = b.shape.reduce((product, n, axis) => (own[axis]! >= rank ? product * n : product), 1)
  const spread = contract(
    [b],
    [own],
    shape.map((_, axis) => axis),
    [...shape, ...b.shape]
  )
  return mean === 1 ? spread : ops.scale(1 / mean)(spread)
}

const binary =
  (f: (b: Tensor) => (a: Tensor) => Tensor): Step =>
  (a, b) =>
    f(fitted(b, a.shape))(a)

/** A number above 0, for a divisor, a radicand or a base. */
const positive = (x: Tensor): Tensor => ops.add(0.5)(ops.square(x))

/** Scales sums of several products back, so that programs stay in the range of float32. */
const tempered = (
  operands: readonly (readonly number[])[],
  output: readonly number[],
  sizes: Shape,
  y: Tensor
): Tensor => {
  const summed = new Set(operands.flat().filter((index) => !output.includes(index)))
  const terms = [...summed].reduce((product, index) => product * sizes[index]!, 1)
  return terms === 1 ? y : ops.scale(1 / Math.sqrt(terms))(y)
}

/** Any contraction of the tensors: indices are shared, summed, repeated, broadcast and put into any order. */
const contraction =
  (arity: number): Step =>
  (a, b, dice) => {
    const tensors = [a, b, a].slice(0, arity)
    const sizes: number[] = []
    const operands = tensors.map(({ shape }) =>
      shape.map((n) => {
        const alike = sizes.flatMap((size, index) => (size === n ? [index] : []))
        return alike.length > 0 && dice(3) > 0 ? alike[dice(alike.length)]! : sizes.push(n) - 1
      })
    )
    if (dice(4) === 0) sizes.push(1 + dice(3))
    const output: number[] = []
    for (let rank = dice(MAX_RANK); rank > 0 && sizes.length > 0; rank--) output.push(dice(sizes.length))
    const used = new Set(output)
    // a repeated output index writes a diagonal; keep those rarer than permutations and sums
    const kept = dice(3) > 0 ? [...used] : output
    return tempered(operands, kept, sizes, contract(tensors, operands, kept, sizes))
  }

const matmul: Step = (a, b) => {
  const rows = a.shape.at(-1)
  if (rows === undefined) return undefined
  const right = b.shape.at(-2) === rows ? b : fitted(b, [rows, 2])
  const lead = right.shape.length > 2 && a.shape.length > 2 ? undefined : right
  return lead === undefined ? undefined : ops.scale(1 / Math.sqrt(rows))(ops.matmul(lead)(a))
}

const transpose: Step = (a, _, dice) => {
  const axes = a.shape.map((_n, axis) => axis)
  for (let i = axes.length - 1; i > 0; i--) {
    const j = dice(i + 1)
    ;[axes[i], axes[j]] = [axes[j]!, axes[i]!]
  }
  return ops.transpose(axes)(a)
}

const reshape: Step = (a, _, dice) => {
  const size = sizeOf(a.shape)
  const divisors = Array.from({ length: size }, (_n, i) => i + 1).filter((n) => size % n === 0)
  const first = divisors[dice(divisors.length)]!
  return ops.reshape(dice(2) === 0 ? [first, size / first] : [size / first, 1, first])(a)
}

const slice: Step = (a, _, dice) => {
  const start = a.shape.map((n) => dice(n))
  const limit = a.shape.map((n, axis) => start[axis]! + 1 + dice(n - start[axis]!))
  return ops.slice(
    start,
    limit,
    a.shape.map(() => 1 + dice(3))
  )(a)
}

const pad: Step = (a, _, dice) =>
  ops.pad(
    a.shape.map(() => dice(2)),
    a.shape.map(() => dice(2)),
    { interior: a.shape.map(() => dice(2)) }
  )(a)

const concat: Step = (a, b, dice) => {
  if (a.shape.length === 0) return ops.stack(0)([a, fitted(b, [])])
  const axis = dice(a.shape.length)
  return ops.concat(axis)([a, fitted(b, a.shape), a].slice(0, 2 + dice(2)))
}

const reduceMax: Step = (a, _, dice) => {
  const axes = a.shape.flatMap((_n, axis) => (dice(2) === 0 ? [axis] : []))
  return axes.length === 0 ? undefined : ops.reduceMax(axes)(a)
}

const windows = (a: Tensor, dice: Dice) => {
  const [h, w] = a.shape.slice(-2)
  return h === undefined || w === undefined
    ? undefined
    : {
        size: [h, w] as const,
        kernel: [1 + dice(h), 1 + dice(w)] as const,
        stride: [1 + dice(2), 1 + dice(2)] as const
      }
}

const unfold: Step = (a, _, dice) => {
  const found = a.shape.length > 2 ? undefined : windows(a, dice)
  return found === undefined ? undefined : ops.unfold(found.kernel, found.stride)(a)
}

const foldUnfolded: Step = (a, b, dice) => {
  const found = windows(a, dice)
  if (found === undefined) return undefined
  const unfolded = ops.unfold(found.kernel, found.stride)(a)
  // windows that differ, so that folding them is no mere scaling
  const weights = fitted(b, unfolded.shape.slice(-4))
  return apply({ tag: 'fold', ...found }, [ops.mul(weights)(unfolded)])
}

const topKMask: Step = (a, _, dice) =>
  a.shape.length === 0 ? undefined : ops.topKMask(1 + dice(a.shape.at(-1)!))(a)

const numbers = [0, 1, -1, 2, 3, -0.5]

/** Arithmetic with a constant, which algebra may simplify. */
const withNumber: Step = (a, _, dice) => {
  const number = numbers[dice(numbers.length)]!
  const known = dice(2) === 0 ? number : ops.fill(number, a.shape)
  const choices = [
    () => ops.add(known)(a),
    () => ops.sub(known)(a),
    () => ops.sub(a)(ops.fill(number, a.shape)),
    () => ops.mul(known)(a),
    () => (number === 0 ? ops.div(positive(a))(ops.fill(0, a.shape)) : ops.div(known)(a)),
    () => ops.where(ops.fill(number, a.shape))(a, ops.sin(a)),
    () => ops.mul(ops.exp(ops.fill(number, a.shape)))(a)
  ]
  return choices[dice(choices.length)]!()
}

/** Arithmetic of a tensor with itself or its negative. */
const withItself: Step = (a, b, dice) => {
  const other = fitted(b, a.shape)
  const choices = [
    () => ops.add(a)(a),
    () => ops.add(ops.neg(other))(a),
    () => ops.sub(ops.scale(-1)(other))(a),
    () => ops.neg(ops.neg(a)),
    () => ops.where(ops.less(other)(a))(a, a),
    () => ops.where(ops.less(other)(a))(other, 0),
    () => ops.max(a)(ops.min(a)(a)),
    () => ops.mul(ops.abs(ops.less(other)(a)))(ops.scale(2)(ops.scale(3)(a)))
  ]
  return choices[dice(choices.length)]!()
}

/** A loop in which every step uses its number, an entry of a stack, what the last one left and a tensor of outside. */
const scan: Step = (a, b, dice) => {
  const other = fitted(b, a.shape)
  const stack = Array.from({ length: 1 + dice(3) }, (_, i) => ops.scale(0.5 ** i)(other))
  const body = (carry: Tensor, x: Tensor, index: Tensor) =>
    [ops.sin(ops.add(ops.mul(x)(carry))(a)), ops.mul(ops.add(0.5)(index))(carry)] as const
  const [last, results] = ops.scan(body, stack.length)(ops.cos(a), ops.stack(0)(stack))
  return dice(2) === 0 ? last : ops.at(0, dice(stack.length))(results)
}

/** Functions of one argument, within [−½, ½], where any has a value; those with a step of their own replace it. */
const unaries = Object.fromEntries(
  (Object.keys(unaryFunctions) as UnaryName[]).map((fn) => [
    fn,
    unary((x) => ops[fn](ops.scale(0.5)(ops.sin(x))))
  ])
)

/** Every step by name. */
export const steps: Readonly<Record<string, Step>> = {
  ...unaries,
  neg: unary(ops.neg),
  exp: unary((x) => ops.exp(ops.sin(x))),
  log: unary((x) => ops.log(positive(x))),
  sqrt: unary((x) => ops.sqrt(positive(x))),
  tanh: unary(ops.tanh),
  sin: unary(ops.sin),
  cos: unary(ops.cos),
  erf: unary(ops.erf),
  sign: unary((x) => ops.mul(ops.sign(x))(ops.cos(x))),
  abs: unary(ops.abs),
  floor: unary((x) => ops.sub(ops.floor(x))(x)),
  relu: unary(ops.relu),
  sigmoid: unary(ops.sigmoid),
  softplus: unary(ops.softplus),
  square: unary((x) => ops.square(ops.tanh(x))),
  stopGradient: unary((x) => ops.mul(ops.stopGradient(x))(ops.sin(x))),
  add: binary(ops.add),
  sub: binary(ops.sub),
  mul: binary(ops.mul),
  div: binary((b) => ops.div(positive(b))),
  max: binary(ops.max),
  min: binary(ops.min),
  pow: (a, b, dice) =>
    dice(2) === 0
      ? ops.pow(ops.tanh(fitted(b, a.shape)))(positive(a))
      : ops.pow(dice(5) - 1)(dice(2) === 0 ? positive(a) : ops.add(2)(ops.sin(a))),
  less: (a, b) => ops.mul(ops.less(fitted(b, a.shape))(a))(a),
  lessEqual: (a, b) => ops.mul(ops.lessEqual(fitted(b, a.shape))(a))(b.shape.length === 0 ? b : a),
  equal: (a, b) => ops.add(ops.equal(fitted(b, a.shape))(a))(a),
  select: (a, b) => ops.where(ops.greater(fitted(b, a.shape))(a))(ops.sin(a), fitted(b, a.shape)),
  matmul,
  contractOne: contraction(1),
  contractTwo: contraction(2),
  contractThree: contraction(3),
  fit: (a, b) => fitted(a, b.shape),
  transpose,
  mean: (a, _, dice) => (a.shape.length === 0 ? undefined : ops.mean(dice(a.shape.length))(a)),
  barrier: unary((x) => ops.barrier(ops.sin(x))),
  reshape,
  slice,
  pad,
  concat,
  reduceMax,
  unfold,
  fold: foldUnfolded,
  topKMask: (a, b, dice) => {
    const mask = topKMask(a, b, dice)
    return mask === undefined ? undefined : ops.mul(mask)(a)
  },
  iota: (a, _, dice) =>
    a.shape.length === 0 ? undefined : ops.mul(ops.sin(ops.iota(a.shape, dice(a.shape.length))))(a),
  fill: (a, _, dice) => ops.fill(numbers[dice(numbers.length)]!, a.shape),
  number: withNumber,
  itself: withItself,
  scan,
  softmax: (a) => (a.shape.length === 0 ? undefined : ops.softmax(-1)(a)),
  logSumExp: (a) => (a.shape.length === 0 ? undefined : ops.logSumExp(-1)(a))
}

/** Whether a tensor is small enough for a law to be checked quickly. */
export const isModest = ({ shape }: Tensor): boolean => shape.length <= MAX_RANK && sizeOf(shape) <= MAX_SIZE
