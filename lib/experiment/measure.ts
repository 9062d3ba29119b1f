import type { Concrete } from '../graph/spec.js'
import { countKept } from '../mask/index.js'
import type { Params, Weights } from '../nn/index.js'
import type { Measures } from './record.js'

/** start, start + 1, … of the given number. */
export const places = (start: number, length: number): readonly number[] =>
  Array.from({ length }, (_, i) => start + i)

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

/** A number as records keep it: seven significant digits are what float32 has. */
export const rounded = (value: number): number => Number(value.toPrecision(7))

/** The losses of all steps as the mean of each epoch. */
export const epochMeans = (losses: readonly number[], epochs: number): readonly number[] => {
  const steps = losses.length / epochs
  return places(0, epochs).map((epoch) => mean(losses.slice(epoch * steps, (epoch + 1) * steps)))
}

/** Kept and all weights of each layer; without a mask, all are kept. */
export const countsOf = (
  params: Concrete<Params>,
  mask: Concrete<Weights> | undefined
): Measures['layers'] =>
  mask === undefined
    ? params.flatMap(({ w }) => (w === undefined ? [] : [{ kept: w.data.length, total: w.data.length }]))
    : countKept(mask)

/** Kept first-layer weights of each input, summed over the layer's outputs; weights are [inputs, outputs]. */
export const pixelsOf = (mask: Concrete<Weights>): readonly number[] => {
  const first = mask.find(({ w }) => w !== undefined)?.w
  if (first === undefined) return []
  const [inputs = 0, outputs = 0] = first.shape
  return places(0, inputs).map((input) =>
    places(input * outputs, outputs).reduce((kept, at) => kept + first.data[at]!, 0)
  )
}
