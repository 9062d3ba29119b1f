import type { Shape } from '../core/shape.js'
import { indicesOf, pattern, zerosLike } from '../graph/contract.js'
import { transpose } from '../graph/ops/einsum.js'
import type { Tensor } from '../graph/tensor.js'
import { replace, tensorsOf } from '../graph/tree.js'
import { placeholder } from './diff-rule.js'
import { batchOutputs } from './vmap.js'
import { grad } from './grad.js'
import { linearizeOf, materialise, vjpOf } from './linearize.js'

/** The Jacobian of a tree of results with respect to a tree of arguments: for each result, a tree like the arguments. */
export type Jacobian<Out, X> = Out extends Tensor
  ? X
  : { readonly [K in keyof Out]: Out[K] extends Tensor ? X : Jacobian<Out[K], X> }

/** The identity on tensors of a shape, [...shape, ...shape]; no data, and it vanishes in contractions. */
const basis = (shape: Shape): Tensor => pattern([...indicesOf(shape), ...indicesOf(shape)], shape)

/** Applies a linear map, given on one tensor, to every element of the basis of a shape; results are [...shape, ...]. */
const overBasis = (shape: Shape, linear: (x: Tensor) => readonly Tensor[]): readonly Tensor[] => {
  if (shape.length === 0) return linear(basis(shape))
  // symbols[d] still carries the axes from d on; symbols[0] is the whole basis, the last one a single element of it
  const symbols = [
    basis(shape),
    ...shape.map((_, d) => placeholder('basis', { shape: [...shape.slice(d + 1), ...shape] }))
  ]
  const batched = (depth: number): readonly Tensor[] =>
    depth === shape.length
      ? linear(symbols[depth]!)
      : batchOutputs(batched(depth + 1), new Map([[symbols[depth + 1]!, symbols[depth]!]]), shape[depth]!)
  return batched(0)
}

/**
 * The Jacobian with respect to the first argument by reverse mode: one row for each result element. Layout
 * [...out, ...in].
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, jacrev, ndarray, ops, type Tensor } from 'tangentflow'
 *
 * const f = (x: Tensor) => ops.matmul(x)(ops.constant(ndarray.fromNested([[1, 2, 3], [4, 5, 6]])))
 * assert.deepEqual(ndarray.toNested(evaluateOn(jacrev(f))(ndarray.fromNested([1, 1, 1]))), [[1, 2, 3], [4, 5, 6]])
 */
export const jacrev =
  <X, Out, Rest extends readonly unknown[]>(f: (x: X, ...rest: Rest) => Out) =>
  (x: X, ...rest: Rest): Jacobian<Out, X> => {
    const [out, pull] = vjpOf('jacrev', (point: X) => f(point, ...rest))(x)
    const outputs = tensorsOf('jacrev', out)
    const rows = outputs.map((output, i) => {
      const pulled = overBasis(output.shape, (cotangent) => {
        const others = outputs.map((other, j) => (j === i ? cotangent : zerosLike(other)))
        return tensorsOf('jacrev', pull(replace<Out>('jacrev', out, others)))
      })
      return replace<X>('jacrev', x, pulled)
    })
    return replace('jacrev', out, rows)
  }

/** The Jacobian by forward mode: one column for each argument element. The same layout, [...out, ...in]. */
export const jacfwd =
  <X, Out, Rest extends readonly unknown[]>(f: (x: X, ...rest: Rest) => Out) =>
  (x: X, ...rest: Rest): Jacobian<Out, X> =>
    jacfwdOf('jacfwd', (point: X) => f(point, ...rest), x)

/** As {@link jacfwd}, for an operation that names itself in errors. */
const jacfwdOf = <X, Out>(operation: string, f: (x: X) => Out, x: X): Jacobian<Out, X> => {
  const [out, push] = linearizeOf(operation, f)(x)
  const args = tensorsOf(operation, x)
  const columns = args.map((arg, i) =>
    overBasis(arg.shape, (tangent) => {
      const others = args.map((other, j) => (j === i ? tangent : zerosLike(other)))
      return tensorsOf(operation, push(replace<X>(operation, x, others)))
    }).map(lastAxes(arg.shape.length))
  )
  const outputs = tensorsOf(operation, out)
  const rows = outputs.map((_, o) =>
    replace<X>(
      operation,
      x,
      materialise(
        columns.map((column) => column[o]),
        args
      )
    )
  )
  return replace(operation, out, rows)
}

/** Moves the first axes to the end. */
const lastAxes =
  (count: number) =>
  (x: Tensor): Tensor => {
    const axes = indicesOf(x.shape)
    return transpose([...axes.slice(count), ...axes.slice(0, count)])(x)
  }

/** The Hessian of a scalar function, forward over reverse; layout [...in, ...in] for a single tensor. */
export const hessian =
  <X, Rest extends readonly unknown[]>(f: (x: X, ...rest: Rest) => Tensor) =>
  (x: X, ...rest: Rest): Jacobian<X, X> =>
    jacfwdOf('hessian', (point: X) => grad(f)(point, ...rest), x)
