import * as E from 'fp-ts/lib/Either.js'
import { fail, TangentFailure } from '../core/error.js'
import { strayLabel } from '../core/ndarray.js'
import { specsOf, type Concrete } from '../graph/spec.js'
import type { Tensor } from '../graph/tensor.js'
import { trace } from '../graph/trace.js'
import { type Dataset, exampleCount, type Model, takeExamples } from './batch.js'

/** The number of outputs a model gives for one example of a set. */
const classCount = <P>(model: Model<P>, params: Concrete<P>, data: Dataset): number | undefined => {
  const args = [params, takeExamples(data, [0]).x]
  const traced = trace((p: P, x: Tensor) => model(p)(x), specsOf<[P, Tensor]>('labels', args))
  if (E.isLeft(traced)) throw new TangentFailure(traced.left)
  return traced.right.graph.outputs[0]?.shape.at(-1)
}

/**
 * The number of examples of a set to classify. A label that is not the number of one of the model's classes is a DataError
 * naming its place: as a one-hot row it would be all zeros and would pass for an example without loss.
 */
export const labelledCount = <P>(
  operation: string,
  model: Model<P>,
  params: Concrete<P>,
  data: Dataset
): number => {
  const count = exampleCount(operation, data)
  const classes = classCount(model, params, data) ?? 0
  const stray = strayLabel(data.y, classes)
  if (stray >= 0) {
    fail('DataError', operation, `labels of 0 … ${classes - 1}`, `${data.y.data[stray]}`, `y[${stray}]`)
  }
  return count
}
