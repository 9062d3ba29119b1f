import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as codec from '../../format/codec.js'
import { fromStart, type Method, type MethodInput, type MethodResult } from './method.js'

/** A method that keeps all weights: a run of its own for each seed, at no density. */
const whole = <K extends string>(kind: K, chosen: (input: MethodInput) => MethodResult) =>
  codec.variant(
    kind,
    {},
    {
      /** The name in tables and files. @defaultValue the kind */
      name: codec.fileName
    },
    (): Method => ({
      layers: undefined,
      run: (input) => RTE.of(chosen(input))
    })
  )

/** The dense network. */
export const dense = whole('dense', (input) => fromStart(input, undefined))

/**
 * The dense network trained on batches in another order: how far two runs are apart that should not differ. Distances
 * to the dense run that are no larger say nothing.
 */
export const otherBatches = whole('otherBatches', (input) => ({
  ...fromStart(input, undefined),
  shuffle: input.stream('other')
}))

/** The dense network from another start, batch by batch as the dense one. */
export const otherStart = whole('otherStart', (input) =>
  fromStart(input, undefined, input.network.init(input.stream('other'), input.set.x.shape.slice(1)))
)
