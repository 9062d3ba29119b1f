import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as codec from '../../format/codec.js'
import * as train from '../../train/index.js'
import { fitOptionsOf } from '../training-setting.js'
import {
  fromStart,
  LayersSetting,
  maskFields,
  type Method,
  observeLoss,
  ownOptions,
  partBefore
} from './method.js'

/** The largest weights after some epochs, half of them by default, trained on from there: `train.threeStage`. */
export const threeStage = codec.variant(
  'threeStage',
  {},
  {
    /** The name in tables and files. @defaultValue the kind */
    name: codec.fileName,
    /** How the kept weights are allocated to layers. @defaultValue `global` */
    layers: LayersSetting,
    /** Epochs of dense training. @defaultValue half of the training */
    dense: codec.whole(1)
  },
  ({ layers = 'global', dense }): Method => ({
    layers,
    run: ({ network, params, set, density, training, stream, store, onProgress }) => {
      const { epochs } = training
      const before = dense ?? Math.floor(epochs / 2)
      const recipe = {
        ...fitOptionsOf(training, before, set),
        checkpoint: { store: store('dense'), steps: 200 },
        observe: observeLoss(onProgress, 'dense training')
      }
      return pipe(
        RTE.fromEither(partBefore('threeStage', before, epochs)),
        RTE.flatMap(() =>
          train.trainAndPrune(network.apply, { density, layers }, recipe)(params, set, stream('stage'))
        ),
        RTE.map(({ mask, dense: { params: start } }) => ({
          mask,
          start,
          epochs: epochs - before,
          shuffle: stream('fit'),
          isComparable: false
        }))
      )
    }
  })
)

/** The largest weights after whole trainings, from their values after `to` epochs: `train.rewind`. */
export const rewind = codec.variant(
  'rewind',
  {},
  {
    /** The name in tables and files. @defaultValue the kind */
    name: codec.fileName,
    ...maskFields,
    /** In how many rounds weights are removed. */
    rounds: codec.whole(1),
    /** The epoch whose weights the sparse training starts from. @defaultValue 0 */
    to: codec.whole(0)
  },
  (setting): Method => {
    const { to = 0, ...options } = ownOptions(setting)
    return {
      layers: options.layers ?? 'global',
      run: (input) => {
        const { network, params, set, density, training, stream, onProgress } = input
        const recipe = {
          ...fitOptionsOf(training, training.epochs, set),
          ...options,
          rewindEpoch: to,
          density,
          observe: observeLoss(onProgress, 'drawing')
        }
        return pipe(
          train.rewind(network.apply, recipe)(params, set, stream('fit')),
          RTE.map((drawn) => fromStart(input, drawn.mask, drawn.params))
        )
      }
    }
  }
)
