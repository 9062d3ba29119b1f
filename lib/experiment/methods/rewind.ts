import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as codec from '../../format/codec.js'
import * as train from '../../train/index.js'
import { fitOptionsOf } from '../training-setting.js'
import { fromStart, LayersSetting, type Method } from './method.js'

/** The largest weights after whole trainings, from their values after `to` epochs: `train.rewind`. */
export const rewind = codec.variant(
  'rewind',
  {},
  { name: codec.fileName, layers: LayersSetting, rounds: codec.whole(1), to: codec.whole(0) },
  ({ kind: _kind, name: _name, to = 0, ...options }): Method => ({
    layers: options.layers ?? 'global',
    run: (input) => {
      const { network, params, set, density, training, stream, onProgress } = input
      return pipe(
        train.rewind(network.apply, {
          ...fitOptionsOf(training, training.epochs),
          ...options,
          rewindEpoch: to,
          density,
          observe: ({ step, steps, loss }) => onProgress('drawing', step, steps, `loss ${loss.toFixed(3)}`)
        })(params, set, stream('fit')),
        RTE.map((drawn) => fromStart(input, drawn.mask, drawn.params))
      )
    }
  })
)
