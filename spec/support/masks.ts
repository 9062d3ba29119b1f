import { type Concrete, type nn, openEngine, type Runner } from 'tangentflow'
import { right } from './either.js'

export const openReference = async (): Promise<Runner> => right(await openEngine({ require: 'reference' })())

/** What a mask or a tree of scores covers as numbers, layer by layer: biases, where they take part, then weights. */
export const numbers = (covered: Concrete<nn.Weights>): readonly number[] =>
  covered.flatMap(({ w, b }) => [b, w].flatMap((leaf) => (leaf === undefined ? [] : Array.from(leaf.data))))
