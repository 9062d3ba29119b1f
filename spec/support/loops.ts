import * as fc from 'fast-check'
import { normals, key } from '../../lib/core/key.js'
import { sizeOf } from '../../lib/core/shape.js'
import { grad, hvp, jvp, vjp, vmap } from '../../lib/diff/index.js'
import { fold } from '../../lib/graph/key.js'
import { type NdArray, of, scalar } from '../../lib/core/ndarray.js'
import type { Concrete } from '../../lib/graph/spec.js'
import { ops } from '../../lib/graph/ops/index.js'
import { table, type Tensor } from '../../lib/graph/tensor.js'
import { tensors } from '../../lib/graph/tree.js'
import { keys, normalArray } from '../../lib/laws/arbitraries.js'
import { bind, type Bound } from '../../lib/laws/compare.js'
import { programs, type RandomProgram } from '../../lib/laws/programs.js'
import { fitted } from '../../lib/laws/steps.js'

/** The arguments of a random loop. */
export interface LoopArguments {
  readonly carry: { readonly a: Tensor; readonly b: Tensor }
  readonly xs: readonly Tensor[]
  readonly outside: Tensor
}

/** A loop with a random body, by `ops.scan` and as the calls that it stands for. */
export interface LoopCase {
  readonly scan: (args: LoopArguments) => readonly Tensor[]
  readonly unrolled: (args: LoopArguments) => readonly Tensor[]
  readonly args: Concrete<LoopArguments>
  /** A step of it, and what every step takes. */
  readonly step: (carry: Carry, input: StepInput) => readonly [Carry, readonly Tensor[]]
  readonly inputs: readonly Concrete<StepInput>[]
}

type Carry = LoopArguments['carry']

interface StepInput extends Pick<LoopArguments, 'xs' | 'outside'> {
  readonly index: Tensor
}

/** A step of a random program: both carries, an entry of each stack, the number of the step and the tensor of outside. */
const bodyOf =
  ({ f }: RandomProgram, outside: Tensor) =>
  (carry: Carry, xs: readonly Tensor[], index: Tensor): readonly [Carry, readonly Tensor[]] => {
    const y = f([ops.add(ops.scale(0.1)(index))(carry.a), ...xs])
    const a = ops.sin(ops.add(fitted(y, carry.a.shape))(ops.mul(fitted(outside, carry.a.shape))(carry.a)))
    const b = ops.add(fitted(carry.a, carry.b.shape))(ops.scale(0.5)(carry.b))
    return [{ a, b }, [y, ops.cos(carry.b)]]
  }

const weighted = (outputs: readonly Tensor[]): Tensor =>
  outputs
    .map((y, i) => ops.dot(table(y.shape, [...normals(key(i), sizeOf(y.shape))]))(y))
    .reduce((sum, term) => ops.add(term)(sum))

/** Random loops of one to four steps at random points. */
export const loopCases: fc.Arbitrary<LoopCase> = fc
  .record({
    program: programs({ maxSteps: 4, maxSize: 3 }),
    length: fc.integer({ min: 1, max: 4 }),
    source: keys
  })
  .map(({ program, length, source }) => {
    const shapes = program.specs.map(({ shape }) => shape)
    const draw = (i: number, shape: readonly number[]): NdArray => normalArray(fold(i)(source), shape)
    const scan = ({ carry, xs, outside }: LoopArguments): readonly Tensor[] =>
      tensors(ops.scan(bodyOf(program, outside), length)(carry, xs))
    const unrolled = ({ carry, xs, outside }: LoopArguments): readonly Tensor[] => {
      const body = bodyOf(program, outside)
      let state = carry
      const results: (readonly Tensor[])[] = []
      for (let i = 0; i < length; i++) {
        const [next, y] = body(state, xs.map(ops.at(0, i)), ops.fill(i, []))
        state = next
        results.push(y)
      }
      return [...tensors(state), ...results[0]!.map((_, k) => ops.stack(0)(results.map((y) => y[k]!)))]
    }
    const args = {
      carry: { a: draw(0, shapes[0]!), b: draw(1, [2]) },
      xs: shapes.slice(1).map((shape, i) => draw(i + 2, [length, ...shape])),
      outside: draw(9, [2])
    }
    const step: LoopCase['step'] = (carry, { xs, outside, index }) =>
      bodyOf(program, outside)(carry, xs, index)
    const inputs = Array.from({ length }, (_, i) => ({
      xs: args.xs.map(({ shape: [, ...shape], data }) => {
        const size = sizeOf(shape)
        return of(shape, data.slice(i * size, (i + 1) * size))
      }),
      outside: args.outside,
      index: scalar(i)
    }))
    return {
      scan,
      unrolled,
      args,
      step,
      inputs,
      [fc.toStringMethod]: () => `${length} × ${fc.stringify(program)}`
    }
  })

type LoopFunction = LoopCase['scan']

const batched = (f: LoopFunction) => (args: LoopArguments) => {
  const rows = (x: Tensor): Tensor => ops.stack(0)([x, ops.sin(x), ops.neg(x)])
  // the tensor of outside is shared, one carry and the stacks are not
  const { carry, xs, outside } = args
  return vmap((a: Tensor, all: readonly Tensor[]) => f({ carry: { ...carry, a }, xs: all, outside }))(
    rows(carry.a),
    xs.map(rows)
  )
}

/** What is compared of both, and on how many loops: the loop, its derivatives in both modes and of second order, its batch, and those nested. */
export const views: readonly [
  name: string,
  view: (f: LoopFunction) => (args: LoopArguments) => unknown,
  cases: number
][] = [
  ['value', (f) => f, 500],
  ['gradient', (f) => grad((args: LoopArguments) => weighted(f(args))), 500],
  ['tangent', (f) => (args) => jvp(f)(args, args)[1], 500],
  ['second derivative', (f) => (args) => hvp((x: LoopArguments) => weighted(f(x)))(args, args), 500],
  [
    'gradient of a gradient',
    (f) =>
      grad((args: LoopArguments) => {
        const slope = grad((x: LoopArguments) => weighted(f(x)))(args)
        return weighted(tensors(slope).map(ops.sin))
      }),
    100
  ],
  ['batch', batched, 500],
  ['gradient of a batch', (f) => grad((args: LoopArguments) => weighted(batched(f)(args))), 100],
  [
    'batch of a gradient',
    (f) => batched((args) => tensors(grad((x: LoopArguments) => weighted(f(x)))(args))),
    100
  ],
  [
    'transpose twice',
    (f) => (args) => vjp((x: LoopArguments) => tensors(vjp(f)(x)[1](f(x))))(args)[1](tensors(args)),
    100
  ]
]

/** Both sides of a view at the point of a case. */
export const bothSides = (
  view: (f: LoopFunction) => (args: LoopArguments) => unknown,
  { scan, unrolled, args }: LoopCase
): readonly [scan: Bound, unrolled: Bound] => [bind(view(scan), [args]), bind(view(unrolled), [args])]
