import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as t from 'io-ts'
import * as codec from '../../format/codec.js'
import type { Effect } from '../../graph/runner.js'
import type { Concrete } from '../../graph/spec.js'
import * as mask from '../../mask/index.js'
import type * as nn from '../../nn/index.js'
import * as train from '../../train/index.js'
import { fitOptionsOf, withstoodBy } from '../training-setting.js'
import { fromStart, type Method, type MethodInput, searchFields } from './method.js'
import { scored } from './score.js'
import { saved, searchRecord } from './search.js'

/** The dense network after so many steps of its training. */
const weightsAt =
  ({ network, params, set, training, stream }: MethodInput) =>
  (steps: number): Effect<Concrete<nn.Params>> =>
  (runner) => {
    let taken = 0
    return pipe(
      train.fit(network.apply, {
        ...fitOptionsOf(training, training.epochs),
        observe:
          ({ step }) =>
          () =>
            void (taken = step),
        stop: () => taken >= steps
      })(params, set, stream('fit')),
      RTE.map((fitted) => fitted.params)
    )(runner)
  }

/**
 * The adversarial winning ticket that `mask.search` finds. `along` has the steps of the dense network's training at which the
 * kernel is matched as well, `start` the score that the search starts from.
 */
export const ticket = codec.variant(
  'ticket',
  {},
  {
    name: codec.fileName,
    ...searchFields,
    gamma: codec.atLeast(0),
    c: codec.atLeast(0),
    kernel: codec.oneOf(['probes', 'explicit']),
    mask: codec.oneOf(['linear', 'restricted', 'ambient']),
    power: codec.whole(0),
    against: codec.oneOf(['dense', 'sparse']),
    weights: codec.closed({ rate: codec.atLeast(0) }, { radius: codec.atLeast(0) }),
    start: codec.oneOf(['kernelTrace', 'magnitude', 'snip', 'random']),
    samples: codec.whole(1),
    along: t.readonlyArray(codec.whole(1))
  },
  ({
    kind: _kind,
    name: _name,
    start = 'kernelTrace',
    along = [],
    against = 'dense',
    samples = 512,
    ...options
  }): Method => {
    const { layers = 'global' } = options
    return {
      layers,
      run: (input) => {
        const { network, params, set, density, training, stream, onProgress } = input
        return pipe(
          RTE.Do,
          RTE.bind('first', () => scored(input, { method: start, layers, samples })),
          RTE.bind('later', () => pipe(along, RTE.traverseSeqArray(weightsAt(input)))),
          RTE.bind('found', ({ first, later }) =>
            mask.search(network, {
              ...options,
              density,
              ...withstoodBy(training).ball,
              start: first.scores,
              attackTarget: against,
              trajectory: later,
              checkpoint: saved(input),
              observe: ({ step, steps, kernel, output }) =>
                onProgress(
                  'search',
                  step + 1,
                  steps,
                  `kernel ${kernel.toFixed(3)}, output ${output.toFixed(3)}`
                )
            })(params, set, stream('search'))
          ),
          RTE.bind('record', ({ first, found }) => searchRecord(input, first.mask, found, found.history)),
          RTE.map(({ found, record }) => ({ ...fromStart(input, found.mask, found.params), ...record }))
        )
      }
    }
  }
)
