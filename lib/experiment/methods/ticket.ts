import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as RA from 'fp-ts/lib/ReadonlyArray.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as t from 'io-ts'
import { tangentError } from '../../core/error.js'
import { mean } from '../../core/mean.js'
import * as codec from '../../format/codec.js'
import type { Effect } from '../../graph/runner.js'
import type { Concrete } from '../../graph/spec.js'
import { attempt } from '../../graph/trace.js'
import * as mask from '../../mask/index.js'
import type * as nn from '../../nn/index.js'
import * as train from '../../train/index.js'
import { rounded } from '../encode-json.js'
import type { Measures } from '../experiment-record.js'
import { fitOptionsOf, withstoodBy } from '../training-setting.js'
import {
  fromStart,
  type Method,
  type MethodInput,
  type MethodResult,
  saved,
  searchAttack,
  searchFields,
  ownOptions
} from './method.js'
import { scored } from './score.js'

type Search = NonNullable<Measures['search']>

/** One step of a search. */
interface SearchStep {
  readonly step: number
  /** The kernel’s distance to the dense one. */
  readonly kernel: number
  readonly output: number
  readonly flips?: readonly number[]
}

/** A record notes about so many points of a search. */
const POINTS = 60

/** What a search for a mask ends with. */
interface Found {
  /** The mask that was found. */
  readonly mask: Concrete<nn.Weights>
  readonly params: Concrete<nn.Params>
  readonly history: readonly SearchStep[]
}

/** A search in blocks of steps: the last step of each, mean distances, and all flips. */
const summaryOf = (history: readonly SearchStep[]): Omit<Search, 'before' | 'after'> => {
  const blocks = RA.chunksOf(Math.max(1, Math.ceil(history.length / POINTS)))(history)
  const over = (field: 'kernel' | 'output'): readonly number[] =>
    blocks.map((block) => rounded(mean(block.map((one) => one[field]))))
  return {
    steps: blocks.map((block) => block.at(-1)!.step + 1),
    kernel: over('kernel'),
    output: over('output'),
    flips: blocks.map((block) =>
      (block[0].flips ?? []).map((_, l) => block.reduce((sum, { flips = [] }) => sum + flips[l]!, 0))
    )
  }
}

/**
 * What a search found after its first mask, with a record of its steps and its distances at both ends on images held out,
 * where anything is measured.
 */
const resultOf = (
  input: MethodInput,
  first: Concrete<nn.Weights>,
  { mask: chosen, params, history }: Found
): Effect<MethodResult> => {
  const { distance } = input
  const result = fromStart(input, chosen, params)
  return distance === undefined
    ? RTE.of(result)
    : pipe(
        RTE.Do,
        RTE.bind('before', () => distance(first, input.params)),
        RTE.bind('after', () => distance(chosen, params)),
        RTE.map((ends) => ({ ...result, search: { ...summaryOf(history), ...ends } }))
      )
}

/** A method that searches on from a first mask. */
const searching = <F extends { readonly mask: Concrete<nn.Weights> }>(
  layers: mask.LayerAllocation,
  firstOf: (input: MethodInput) => Effect<F>,
  search: (input: MethodInput, first: F) => Effect<Found>
): Method => ({
  layers,
  run: (input) =>
    pipe(
      firstOf(input),
      RTE.bindTo('first'),
      RTE.bind('found', ({ first }) => search(input, first)),
      RTE.flatMap(({ first, found }) => resultOf(input, first.mask, found))
    )
})

/** The dense network after so many steps of its training: a step a program, so that it stops at that one on every engine. */
const weightsAt =
  ({ network, params, set, training, stream }: MethodInput) =>
  (steps: number): Effect<Concrete<nn.Params>> =>
  (runner) => {
    let taken = 0
    return pipe(
      train.fit(network.apply, {
        ...fitOptionsOf(training, training.epochs, set),
        unroll: 1,
        observe:
          ({ step }) =>
          () =>
            void (taken = step),
        stop: () => taken >= steps
      })(params, set, stream('fit')),
      RTE.flatMapEither((fitted) =>
        taken === steps
          ? E.right(fitted.params)
          : E.left(
              tangentError(
                'ConfigError',
                'experiment',
                `steps of a training of ${taken}`,
                String(steps),
                'along'
              )
            )
      )
    )({ compile: runner.compile })
  }

/**
 * The adversarial winning ticket that `mask.search` finds. `along` has the steps of the dense network's training at which the
 * kernel is matched as well, `start` the score that the search starts from.
 */
export const ticket = codec.variant(
  'ticket',
  {},
  {
    /** The name in tables and files. @defaultValue the kind */
    name: codec.fileName,
    ...searchFields,
    /** The weight of the kernel term. @defaultValue 1 */
    gamma: codec.atLeast(0),
    /** The weight of the output term. @defaultValue 0 */
    c: codec.atLeast(0),
    /** Whether the kernel’s distance is estimated by probes or computed whole. @defaultValue `probes` */
    kernel: codec.oneOf(['probes', 'explicit']),
    /** How the mask enters the kernel of the sparse network. @defaultValue `linear` */
    mask: codec.oneOf(['linear', 'restricted', 'ambient']),
    /** How many powers of the kernel weigh the probes, towards its leading eigenspaces. @defaultValue 0 */
    power: codec.whole(0),
    /** What up to so many steps of descent learn is compared, by the explicit kernel. @defaultValue the kernels are */
    horizon: codec.whole(1),
    /** The weight of the attacked loss of the sparse network. @defaultValue 0 */
    loss: codec.atLeast(0),
    /** In how many levels the density falls from 1 over the first half of the search. @defaultValue it does not */
    gradual: codec.whole(1),
    /** Whether the dense or the sparse network is attacked. @defaultValue `dense` */
    against: codec.oneOf(['dense', 'sparse']),
    /** How weights move along with the mask. @defaultValue they do not */
    weights: codec.closed(
      {
        /** The learning rate of the weights. */
        rate: codec.atLeast(0)
      },
      {
        /** How far the weights of a layer may move, as a fraction of their norm. @defaultValue as far as they like */
        radius: codec.atLeast(0)
      }
    ),
    /** The score at which the search starts. @defaultValue `kernelTrace` */
    start: codec.oneOf(['kernelTrace', 'magnitude', 'snip', 'random']),
    /** How many examples the starting score reads. @defaultValue 512 */
    samples: codec.whole(1),
    /** Steps of a dense training at which kernels are matched too. @defaultValue none */
    along: t.readonlyArray(codec.whole(1))
  },
  (setting): Method => {
    const {
      start = 'kernelTrace',
      along = [],
      against = 'dense',
      samples = 512,
      gradual,
      ...options
    } = ownOptions(setting)
    const { layers = 'global' } = options
    return searching(
      layers,
      (input) => scored(input, { method: start, layers, samples }),
      (input, { scores }) =>
        pipe(
          along,
          RTE.traverseSeqArray(weightsAt(input)),
          RTE.flatMap((trajectory) =>
            mask.search(input.network, {
              ...options,
              density: input.density,
              ...withstoodBy(input.training).ball,
              ...(gradual !== undefined && {
                parametrisation: (sparsity) => mask.parametrisation.gradual(sparsity, { levels: gradual })
              }),
              start: scores,
              attackTarget: against,
              trajectory,
              checkpoint: saved(input),
              observe: ({ step, steps, kernel, output }) =>
                input.onProgress(
                  'search',
                  step + 1,
                  steps,
                  `kernel ${kernel.toFixed(3)}, output ${output.toFixed(3)}`
                )
            })(input.params, input.set, input.stream('search'))
          )
        )
    )
  }
)

/** Neural tangent transfer, `mask.transfer`; training starts from the student's weights. */
export const transfer = codec.variant(
  'transfer',
  {},
  {
    /** The name in tables and files. @defaultValue the kind */
    name: codec.fileName,
    ...searchFields,
    /** The weight of the kernel term. */
    gamma: codec.atLeast(0),
    /** The weight of ‖m∘w‖². */
    lambda: codec.atLeast(0),
    /** Steps from one choice of the mask to the next. */
    refresh: codec.whole(1)
  },
  (setting): Method => {
    const options = ownOptions(setting)
    const { layers = 'uniform' } = options
    return searching(
      layers,
      ({ density, params }) =>
        RTE.fromEither(
          attempt(() => ({ mask: mask.topKMaskOf({ layers, density })(mask.magnitudes(params)) }))
        ),
      (input) =>
        mask.transfer(input.network, {
          ...options,
          density: input.density,
          ...(input.training.attack && { attack: searchAttack(input.training) }),
          checkpoint: saved(input, 1000),
          observe: ({ step, steps, loss }) =>
            input.onProgress('search', step + 1, steps, `loss ${loss.toFixed(4)}`)
        })(input.params, input.set, input.stream('search'))
    )
  }
)
