import { type Either, left, right } from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import type { Checkpointing, Store } from '../../checkpoint/index.js'
import * as attack from '../../attack/index.js'
import { tangentError, type TangentError } from '../../core/error.js'
import type { HostKey } from '../../core/key.js'
import * as codec from '../../format/codec.js'
import type { Effect } from '../../graph/runner.js'
import type { Concrete } from '../../graph/spec.js'
import { cost, type LayerAllocation } from '../../mask/index.js'
import type * as nn from '../../nn/index.js'
import { type FitOptions, paramsAfter } from '../../train/index.js'
import type { DistanceRecord, Measures } from '../experiment-record.js'
import { fitOptionsOf, type TrainingSetting, withstoodBy } from '../training-setting.js'

/** Told of what goes on: how much of a phase is done, and a note such as its loss. */
export type OnProgress = (phase: string, done: number, total: number, note: string) => IO<void>

/** The observer of a training that reports its loss as the note of a phase. */
export const observeLoss =
  (onProgress: OnProgress, phase: string): NonNullable<FitOptions['observe']> =>
  ({ step, steps, loss }) =>
    onProgress(phase, step, steps, `loss ${loss.toFixed(3)}`)

/** What a method chooses from, and where it saves its state and reports progress. */
export interface MethodInput {
  readonly network: nn.Network
  readonly params: Concrete<nn.Params>
  readonly set: nn.Dataset
  readonly density: number
  readonly training: TrainingSetting
  readonly stream: (name: 'mask' | 'search' | 'stage' | 'fit' | 'other') => HostKey
  readonly store: (phase: string) => Store
  readonly onProgress: OnProgress
  /** How far a masked network is from the dense one at initialisation; undefined where nothing is measured. */
  readonly distance:
    ((mask: Concrete<nn.Weights>, at: Concrete<nn.Params>) => Effect<DistanceRecord>) | undefined
}

/** What a method chose: the mask, none for the dense network, and the training that follows. */
export interface MethodResult {
  readonly mask: Concrete<nn.Weights> | undefined
  /** The weights from which it is trained, and for how many epochs. */
  readonly start: Concrete<nn.Params>
  readonly epochs: number
  /** Shuffles the batches of that training. */
  readonly shuffle: HostKey
  /** Whether its training is the dense one's with other weights, so that the two can be compared at equal parts of them. */
  readonly isComparable: boolean
  readonly search?: Measures['search']
}

/** A way to choose the weights of a network. */
export interface Method {
  /** How the weights are allocated to layers, so that a density too low for a layer is refused before anything is run. */
  readonly layers: LayerAllocation | undefined
  readonly run: (input: MethodInput) => Effect<MethodResult>
}

/** A mask of the network at its start, trained as the dense network is. */
export const fromStart = (
  { params, training, stream }: MethodInput,
  mask: MethodResult['mask'],
  start = params
): MethodResult => ({ mask, start, epochs: training.epochs, shuffle: stream('fit'), isComparable: true })

/**
 * A result that is trained for more epochs: for as many operations as the dense network, by the weights that the mask leaves, but
 * for at most `longer` times the epochs, and for a whole number of them, the nearest.
 */
export const lengthened =
  ({ network, params, set, training }: MethodInput, longer: number) =>
  (result: MethodResult): MethodResult => {
    const { flops, denseFlops } = cost(network, set.x.shape.slice(1))(params, result.mask ?? [])
    return { ...result, epochs: Math.round(training.epochs * Math.min(longer, denseFlops / flops)) }
  }

/** The epochs before masks are chosen, if they leave one of the training's; otherwise a ConfigError. */
export const partBefore = (kind: string, before: number, epochs: number): Either<TangentError, number> =>
  before >= 1 && before < epochs
    ? right(before)
    : left(
        tangentError(
          'ConfigError',
          'experiment',
          `at least one of ${epochs} epochs before and after pruning`,
          `${before} before`,
          `methods: ${kind}`
        )
      )

/**
 * What a method chooses from after so many epochs of the dense training, which its result then has less: as many gradients as one
 * training (Fort et al., arXiv:2010.15110: the kernel moves most in the first epochs).
 */
export const warmed =
  (method: Method, kind: string, before: number): Method['run'] =>
  (input) => {
    const { network, params, set, training, stream } = input
    return pipe(
      RTE.fromEither(partBefore(kind, before, training.epochs)),
      RTE.flatMap((epochs) =>
        paramsAfter(network.apply, fitOptionsOf(training, training.epochs, set), epochs)(
          params,
          set,
          stream('fit')
        )
      ),
      RTE.flatMap((warm) => method.run({ ...input, params: warm })),
      RTE.map((result) => ({ ...result, epochs: result.epochs - before, isComparable: false }))
    )
  }

/** A codec of how weights are allocated to layers. */
export const LayersSetting = codec.oneOf(['global', 'uniform', 'erk'])

/** The fields of every method whose mask is trained as the dense network is. */
export const maskFields = {
  /** How the kept weights are allocated to layers. */
  layers: LayersSetting,
  /** At most how many times the epochs it is trained, to make up for the operations that the mask saves. @defaultValue 1 */
  longer: codec.between(1, 100),
  /** Epochs of dense training before the mask is chosen and trained, for as many epochs less. @defaultValue 0 */
  after: codec.whole(0)
}

/** What a setting says beside its kind, its name and what all masks can have, which others see to. */
export const ownOptions = <S extends object>({
  kind: _kind,
  name: _name,
  longer: _longer,
  after: _after,
  ...own
}: S & Partial<Record<'kind' | 'name' | 'longer' | 'after', unknown>>) => own

/** The fields that searches share. */
export const searchFields = {
  /** Steps of the search. */
  steps: codec.whole(1),
  /** Examples a step. */
  batch: codec.whole(1),
  /** The learning rate of the scores. */
  rate: codec.atLeast(0),
  ...maskFields
}

/** A search is saved every 100 steps. */
export const saved = ({ store }: MethodInput, steps = 100): Checkpointing => ({
  store: store('search'),
  steps
})

/** PGD-7 with steps of 2.5 ε / 7, as a search attacks. */
export const searchAttack = (training: TrainingSetting): attack.Attack =>
  attack.pgd({ ...withstoodBy(training).ball, steps: 7, relativeStep: 2.5 })
