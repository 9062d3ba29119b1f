import { plain } from '../core/plain.js'
import * as fc from 'fast-check'
import { checkOptions, option, type OptionKinds } from '../core/options.js'
import { type HostKey, derive, key, normals } from '../core/key.js'
import { type NdArray, of } from '../core/ndarray.js'
import { type Shape, sizeOf } from '../core/shape.js'
import { leaves, rebuild, type Tree } from '../core/tree.js'
import { constant, isTensor, type Tensor } from '../graph/tensor.js'
import { ops } from '../graph/ops/index.js'
import { dot } from '../graph/ops/einsum.js'
import { type HostValue, isHostValue, isKeyLeaf, isSpecLeaf } from '../graph/spec.js'
import { tensorsOf } from '../graph/tree.js'

/** Which shapes are drawn. */
export interface ShapeConstraints {
  /** @defaultValue 0 */
  readonly minRank?: number
  /** @defaultValue 4 */
  readonly maxRank?: number
  /**
   * The largest size of an axis.
   *
   * @defaultValue 5
   */
  readonly maxSize?: number
}

const shapeKinds: OptionKinds<ShapeConstraints> = {
  minRank: option.natural,
  maxRank: option.natural,
  maxSize: option.count
}

/** Shapes, shrinking to `[]` and sizes of 1. */
export const shapes = (constraints: ShapeConstraints = {}): fc.Arbitrary<readonly number[]> => {
  const { minRank = 0, maxRank = 4, maxSize = 5 } = checkOptions('shapes', shapeKinds, constraints)
  return fc.array(fc.integer({ min: 1, max: maxSize }), { minLength: minRank, maxLength: maxRank })
}

/** Which numbers are drawn. */
export interface ElementConstraints {
  /** @defaultValue −10 */
  readonly min?: number
  /** @defaultValue 10 */
  readonly max?: number
}

const elementKinds: OptionKinds<ElementConstraints> = { min: option.finite, max: option.finite }

/** Arrays of finite float32 numbers in [min, max], zeros of both signs among them. */
export const arrays = plain(
  'laws.arrays',
  (shape: Shape, constraints: ElementConstraints = {}): fc.Arbitrary<NdArray> => {
    const { min = -10, max = 10 } = checkOptions('arrays', elementKinds, constraints)
    const size = sizeOf(shape)
    const element = fc.float({ min: Math.fround(min), max: Math.fround(max), noNaN: true })
    return fc
      .array(element, { minLength: size, maxLength: size, size: 'max' })
      .map((data) => of(shape, Float32Array.from(data)))
  }
)

/** Trees of arrays and records, at most three levels deep, with leaves of the given kind. */
export const trees = <A>(leaf: fc.Arbitrary<A>): fc.Arbitrary<Tree<A>> =>
  fc.letrec<{ tree: Tree<A>; leaf: A }>((tie) => ({
    leaf,
    tree: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      tie('leaf'),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), tie('tree'), { maxKeys: 3 })
    )
  })).tree

/** Host keys, each from a seed of its own. */
export const keys: fc.Arbitrary<HostKey> = fc.noBias(fc.nat({ max: 2 ** 31 - 1 })).map(key)

/** A key of its own for each draw of a case. */
export const child = (source: HostKey, index: number): HostKey => derive(source, { kind: 'split', index })

/** An array of standard normals: no zeros, no ties, no extremes. */
export const normalArray = (source: HostKey, shape: Shape): NdArray =>
  of(shape, Float64Array.from(normals(source, sizeOf(shape))))

/**
 * Concrete arguments for a description of arguments, from a key: normals for tensors, a fresh key for keys. A concrete
 * array or key in the description is not replaced.
 */
export const drawArguments = (specs: unknown, source: HostKey): unknown => {
  const drawn = leaves('laws', isSpecLeaf, specs).map(({ value }, i): HostValue => {
    if (value._tag === 'NdArray' || value._tag === 'Key') return value
    const own = derive(source, { kind: 'fold', index: i })
    return isKeyLeaf(value) ? own : normalArray(own, value.shape)
  })
  return rebuild('laws', isSpecLeaf, specs, drawn)
}

/** One case of a law about a function: its arguments, and the key of everything else that is drawn. */
export interface Case {
  readonly args: readonly unknown[]
  readonly source: HostKey
}

/** Cases with arguments of the given description; concrete arrays in it are not replaced. */
export const casesOf = (specs: unknown): fc.Arbitrary<Case> =>
  keys.map((source) => ({ args: drawArguments(specs, source) as readonly unknown[], source }))

const likeLeaves = <A extends { readonly shape: readonly number[] }>(
  isLeaf: (value: unknown) => value is A,
  tree: unknown,
  source: HostKey
): unknown => {
  const drawn = leaves('laws', isLeaf, tree).map(({ value }, i) => normalArray(child(source, i), value.shape))
  return rebuild('laws', isLeaf, tree, drawn)
}

const isArray = (value: unknown): value is NdArray => isHostValue(value) && value._tag === 'NdArray'

/** Normals in the form of a tree of arrays. */
export const directionLike = (tree: unknown, source: HostKey): unknown => likeLeaves(isArray, tree, source)

/** Normals in the form of a tree of tensors. */
export const cotangentLike = (tree: unknown, source: HostKey): unknown => likeLeaves(isTensor, tree, source)

/** ⟨a, b⟩ over all leaves of two trees of one form. */
export const inner = (a: unknown, b: unknown): Tensor => {
  const others = tensorsOf('laws', b)
  return tensorsOf('laws', a)
    .map((tensor, i) => dot(others[i]!)(tensor))
    .reduce((sum, term) => ops.add(term)(sum), constant(0))
}
