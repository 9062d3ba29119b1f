import { type Concrete, type NdArray, ndarray, type nn, openEngine, type Runner } from 'tangentflow'
import { right } from './either.js'

export const openReference = async (): Promise<Runner> => right(await openEngine({ require: 'reference' })())

/** What a mask or a tree of scores covers, layer by layer: biases, where they take part, then weights. */
export const leaves = (covered: Concrete<nn.Weights>): readonly NdArray[] =>
  covered.flatMap(({ w, b }) => [b, w].flatMap((leaf) => (leaf === undefined ? [] : [leaf])))

/** {@link leaves} as numbers. */
export const numbers = (covered: Concrete<nn.Weights>): readonly number[] =>
  leaves(covered).flatMap(({ data }) => Array.from(data))

/** Every leaf of a mask or a tree of scores replaced by its image. */
export const mapLeaves =
  (f: (leaf: NdArray) => NdArray) =>
  (tree: Concrete<nn.Weights>): Concrete<nn.Weights> =>
    tree.map(({ w, b }) => ({ ...(b ? { b: f(b) } : {}), ...(w ? { w: f(w) } : {}) }))

/** Every number replaced by its image. */
export const elementwise = (f: (value: number, at: number) => number) =>
  mapLeaves(({ shape, data }) => ndarray.of(shape, Float64Array.from(data, f)))
