import type { HostKey } from '../core/key.js'
import { scalar } from '../core/ndarray.js'
import type { Key } from '../graph/key.js'
import type { Tensor } from '../graph/tensor.js'
import type { Batch, Dataset, Model } from '../nn/batch.js'
import type { Params } from '../nn/layer.js'
import type { TrainState } from '../nn/optimiser.js'
import { fingerprintFunction, fingerprint, type Settings } from '../checkpoint/fingerprint.js'
import type { inputsOf, Plan } from './plan.js'
import type { FitOptions } from './options.js'
import { objectiveOf } from './step.js'

/**
 * What the steps of a run depend on, by option. Functions (model, attack, loss, optimiser) are told apart by the graphs they
 * trace to, schedules by their values.
 */
export const settingsOf = (
  model: Model<Params>,
  options: FitOptions,
  { first, rates, levels, recorded, judged, mask, unroll }: Plan,
  inputs: ReturnType<typeof inputsOf>,
  data: Dataset,
  key: HostKey
): Settings => {
  const [, [only]] = inputs({ start: 0, length: 1 })
  const { batch } = only!
  const lowered = (p: Params, b: Batch, level: Tensor, k: Key): Tensor =>
    objectiveOf(options, level)(model)(p, b, k)
  const step = (from: TrainState<Params>, gradient: Params, rate: Tensor): TrainState<Params> =>
    options.optimiser.step(rate)(gradient)(from)
  const numbers = (values: Float32Array) =>
    fingerprint([{ _tag: 'NdArray', shape: [values.length], data: values }])
  return {
    epochs: String(options.epochs),
    batch: String(options.batch),
    unroll: String(unroll),
    key: fingerprint([key]),
    schedule: numbers(rates),
    levels: levels === undefined ? 'none' : numbers(levels),
    model: fingerprintFunction((p: Params, x: Tensor) => model(p)(x), [first.params, batch.x]),
    objective: fingerprintFunction(lowered, [first.params, batch, scalar(0), key]),
    optimiser: fingerprintFunction(step, [first, first.params, scalar(0)]),
    params: fingerprint(first.params),
    mask: fingerprint(mask),
    data: fingerprint({ x: data.x, y: data.y }),
    record:
      options.record === undefined ? 'none' : `${fingerprint(options.record.x)} at ${recorded.join(' ')}`,
    validate: judged.length === 0 ? 'none' : `every ${options.validate?.every ?? 1} epochs`
  }
}
