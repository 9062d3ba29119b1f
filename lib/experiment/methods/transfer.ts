import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as codec from '../../format/codec.js'
import { attempt } from '../../graph/trace.js'
import * as mask from '../../mask/index.js'
import { fromStart, type Method, searchFields } from './method.js'
import { saved, searchAttack, searchRecord } from './search.js'

/** Neural tangent transfer, `mask.transfer`; training starts from the student's weights. */
export const transfer = codec.variant(
  'transfer',
  {},
  {
    name: codec.fileName,
    ...searchFields,
    gamma: codec.atLeast(0),
    lambda: codec.atLeast(0),
    refresh: codec.whole(1)
  },
  ({ kind: _kind, name: _name, ...options }): Method => {
    const { layers = 'uniform' } = options
    return {
      layers,
      run: (input) => {
        const { network, params, set, density, training, stream, onProgress } = input
        return pipe(
          RTE.Do,
          RTE.bind('first', () =>
            RTE.fromEither(attempt(() => mask.topKMaskOf({ layers, density })(mask.magnitudes(params))))
          ),
          RTE.bind('found', () =>
            mask.transfer(network, {
              ...options,
              density,
              ...(training.attack === undefined ? {} : { attack: searchAttack(training) }),
              checkpoint: saved(input, 1000),
              observe: ({ step, steps, loss }) =>
                onProgress('search', step + 1, steps, `loss ${loss.toFixed(4)}`)
            })(params, set, stream('search'))
          ),
          RTE.bind('record', ({ first, found }) => searchRecord(input, first, found, found.history)),
          RTE.map(({ found, record }) => ({ ...fromStart(input, found.mask, found.params), ...record }))
        )
      }
    }
  }
)
