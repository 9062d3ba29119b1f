import * as fc from 'fast-check'
import { type HostKey, derive, key, normals } from '../core/key.js'
import { type NdArray, of } from '../core/ndarray.js'
import { type Shape, sizeOf } from '../core/shape.js'
import { leaves, rebuild, type Tree } from '../core/tree.js'
import { type HostValue, isKeyLeaf, isSpecLeaf } from '../graph/spec.js'

/** Which shapes are drawn. */
export interface ShapeConstraints {
  /** 0 unless given. */
  readonly minRank?: number
  /** 4 unless given. */
  readonly maxRank?: number
  /** The largest size of an axis; 5 unless given. */
  readonly maxSize?: number
}

/** Shapes, shrinking to `[]` and sizes of 1. */
export const shapes = ({ minRank = 0, maxRank = 4, maxSize = 5 }: ShapeConstraints = {}): fc.Arbitrary<
  readonly number[]
> => fc.array(fc.integer({ min: 1, max: maxSize }), { minLength: minRank, maxLength: maxRank })

/** Which numbers are drawn. */
export interface ElementConstraints {
  readonly min?: number
  readonly max?: number
}

/** Arrays of finite float32 numbers in [min, max] ([−10, 10] unless given), zeros of both signs among them. */
export const arrays = (
  shape: Shape,
  { min = -10, max = 10 }: ElementConstraints = {}
): fc.Arbitrary<NdArray> => {
  const size = sizeOf(shape)
  const element = fc.float({ min: Math.fround(min), max: Math.fround(max), noNaN: true })
  return fc
    .array(element, { minLength: size, maxLength: size, size: 'max' })
    .map((data) => of(shape, Float32Array.from(data)))
}

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

/** An array of standard normals: no zeros, no ties, no extremes. */
export const normalArray = (source: HostKey, shape: Shape): NdArray =>
  of(shape, Float64Array.from(normals(source, sizeOf(shape))))

/**
 * Concrete arguments for a description of arguments, from a key: normals for tensors, a fresh key for keys. A concrete
 * array or key in the description is used as it is.
 */
export const drawArguments = (specs: unknown, source: HostKey): unknown => {
  const drawn = leaves('laws', isSpecLeaf, specs).map(({ value }, i): HostValue => {
    if (value._tag === 'NdArray' || value._tag === 'Key') return value
    const own = derive(source, { kind: 'fold', index: i })
    return isKeyLeaf(value) ? own : normalArray(own, value.shape)
  })
  return rebuild('laws', isSpecLeaf, specs, drawn)
}
