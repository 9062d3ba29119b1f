import type { IO } from 'fp-ts/lib/IO.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as attack from '../attack/index.js'
import { tangentError } from '../core/error.js'
import type { HostKey } from '../core/key.js'
import type { Effect } from '../graph/runner.js'
import type { Concrete } from '../graph/spec.js'
import { attempt } from '../graph/trace.js'
import * as mask from '../mask/index.js'
import * as nn from '../nn/index.js'
import type { Measures } from './record.js'
import * as train from '../train/index.js'
import { isScored, type MethodOf, type MethodSetting, type ScoredMethod } from './method-setting.js'
import { fitOf } from './parts.js'
import type { TrainingSetting } from './setting.js'
import { type Distance, summaryOf } from './search-record.js'

type Mask = Concrete<nn.Weights>

/** What a method chooses from, and where it tells and keeps what it does. */
export interface Choice {
  readonly network: nn.Network
  readonly params: Concrete<nn.Params>
  readonly set: nn.Dataset
  readonly density: number
  readonly training: TrainingSetting
  readonly stream: (name: 'mask' | 'search' | 'stage' | 'fit') => HostKey
  readonly store: (phase: string) => train.Store
  readonly tell: (phase: string, done: number, total: number, says: string) => IO<void>
  /** How far a masked network is from the dense one at initialisation; undefined where nothing is to be measured. */
  readonly distance: ((chosen: Mask, at: Concrete<nn.Params>) => Effect<Distance>) | undefined
}

/** What a method chose: the mask, none for the dense network, and the training that follows. */
export interface Chosen {
  readonly mask: Mask | undefined
  /** The weights from which it is trained, and for how many epochs. */
  readonly start: Concrete<nn.Params>
  readonly epochs: number
  /** Whether its training is step by step the dense one's with other weights, so that the two can be compared. */
  readonly follows: boolean
  readonly search?: Measures['search']
}

/** Steps between two times that a search is kept. */
const KEEP = 100

/** The ball in which the training is attacked; of radius 0 where it is not. */
const ballOf = ({
  attack: against
}: TrainingSetting): { readonly norm: attack.Norm; readonly epsilon: number } => ({
  norm: (against !== undefined && 'norm' in against ? against.norm : undefined) ?? 'linf',
  epsilon: against?.epsilon ?? 0
})

const fromStart = ({ params, training }: Choice, chosen: Mask | undefined): Chosen => ({
  mask: chosen,
  start: params,
  epochs: training.epochs,
  follows: true
})

const score = (
  { network, params, set, density, training, stream }: Choice,
  { kind, name: _name, ...options }: ScoredMethod
): ReturnType<ReturnType<typeof mask.oneShot>> =>
  mask.oneShot(network, { ...options, method: kind, density, ...ballOf(training) })(
    params,
    set,
    stream('mask')
  )

/** What a search did, with its distances at both ends on images kept out. */
const searchOf = (
  { distance, params }: Choice,
  first: Mask,
  found: { readonly mask: Mask; readonly params: Concrete<nn.Params> },
  history: Parameters<typeof summaryOf>[0]
): Effect<Measures['search']> =>
  distance === undefined
    ? RTE.of(undefined)
    : pipe(
        RTE.Do,
        RTE.bind('before', () => distance(first, params)),
        RTE.bind('after', () => distance(found.mask, found.params)),
        RTE.map((ends) => ({ ...summaryOf(history), ...ends }))
      )

/** The dense network after so many steps of its training. */
const weightsAt =
  ({ network, params, set, training, stream }: Choice) =>
  (steps: number): Effect<Concrete<nn.Params>> =>
  (runner) => {
    let taken = 0
    return pipe(
      train.fit(network.apply, {
        ...fitOf(training, training.epochs),
        observe:
          ({ step }) =>
          () =>
            void (taken = step),
        stop: () => taken >= steps
      })(params, set, stream('fit')),
      RTE.map((fitted) => fitted.params)
    )(runner)
  }

const ticket = (choice: Choice, method: MethodOf<'ticket'>): Effect<Chosen> => {
  const { network, params, set, density, training, stream, store, tell } = choice
  const {
    kind: _kind,
    name: _name,
    start = 'kernelTrace',
    along = [],
    against = 'dense',
    samples,
    ...options
  } = method
  const { layers = 'global' } = options
  return pipe(
    RTE.Do,
    RTE.bind('scored', () =>
      score(choice, { kind: start, layers, ...(samples === undefined ? {} : { samples }) })
    ),
    RTE.bind('later', () => pipe(along, RTE.traverseSeqArray(weightsAt(choice)))),
    RTE.bind('found', ({ scored, later }) =>
      mask.search(network, {
        ...options,
        density,
        ...ballOf(training),
        start: scored.scores,
        attackTarget: against,
        trajectory: later,
        checkpoint: { store: store('search'), steps: KEEP },
        observe: ({ step, steps, kernel, output }) =>
          tell('search', step + 1, steps, `kernel ${kernel.toFixed(3)}, output ${output.toFixed(3)}`)
      })(params, set, stream('search'))
    ),
    RTE.bind('search', ({ scored, found }) => searchOf(choice, scored.mask, found, found.history)),
    RTE.map(({ found, search }) => ({
      ...fromStart(choice, found.mask),
      start: found.params,
      ...(search === undefined ? {} : { search })
    }))
  )
}

/** Scores that descend the training loss, natural or attacked, under frozen weights. */
const learnt = (
  choice: Choice,
  { steps = 300, batch = 128, rate = 0.01, layers = 'uniform' }: MethodOf<'edgePopup' | 'hydra'>,
  start: Mask,
  against: attack.Attack
): Effect<Chosen> => {
  const { network, params, set, density, stream, store, tell } = choice
  return pipe(
    mask.learn(network, {
      objective: mask.trainingLoss(network),
      parametrisation: mask.parametrisation.straightThrough({ density, layers }),
      start,
      attack: against,
      attackTarget: 'sparse',
      steps,
      batch,
      rate,
      checkpoint: { store: store('search'), steps: KEEP },
      observe: ({ step, terms }) => tell('search', step + 1, steps, `loss ${terms.loss!.toFixed(3)}`)
    })(params, set, stream('search')),
    RTE.map((found) => fromStart(choice, found.mask))
  )
}

const transfer = (choice: Choice, method: MethodOf<'transfer'>): Effect<Chosen> => {
  const { network, params, set, density, training, stream, store, tell } = choice
  const { kind: _kind, name: _name, ...options } = method
  return pipe(
    RTE.Do,
    RTE.bind('first', () =>
      RTE.fromEither(
        attempt(() =>
          mask.topKMaskOf({ layers: options.layers ?? 'uniform', density })(mask.magnitudes(params))
        )
      )
    ),
    RTE.bind('found', () =>
      mask.transfer(network, {
        ...options,
        density,
        ...(training.attack === undefined ? {} : { attack: searchAttack(training) }),
        checkpoint: { store: store('search'), steps: 10 * KEEP },
        observe: ({ step, steps, loss }) => tell('search', step + 1, steps, `loss ${loss.toFixed(4)}`)
      })(params, set, stream('search'))
    ),
    RTE.bind('search', ({ first, found }) =>
      searchOf(
        choice,
        first,
        found,
        found.history.map((event) => ({ ...event, flips: [] }))
      )
    ),
    RTE.map(({ found, search }) => ({
      ...fromStart(choice, found.mask),
      start: found.params,
      ...(search === undefined ? {} : { search })
    }))
  )
}

/** PGD-7 with steps of 2.5 ε / 7, as a search attacks. */
const searchAttack = (training: TrainingSetting): attack.Attack =>
  attack.pgd({ ...ballOf(training), steps: 7, relativeStep: 2.5 })

const threeStage = (choice: Choice, { layers, dense }: MethodOf<'threeStage'>): Effect<Chosen> => {
  const { network, params, set, density, training, stream, store, tell } = choice
  const before = dense ?? Math.floor(training.epochs / 2)
  if (before < 1 || before >= training.epochs)
    return RTE.left(
      tangentError(
        'ConfigError',
        'experiment',
        `at least one of ${training.epochs} epochs before and after pruning`,
        `${before} before`,
        'methods: threeStage'
      )
    )
  return pipe(
    train.trainAndPrune(
      network.apply,
      { density, ...(layers === undefined ? {} : { layers }) },
      {
        ...fitOf(training, before),
        checkpoint: { store: store('dense'), steps: 2 * KEEP },
        observe: ({ step, steps, loss }) => tell('dense training', step, steps, `loss ${loss.toFixed(3)}`)
      }
    )(params, set, stream('stage')),
    RTE.map((pruned) => ({
      mask: pruned.mask,
      start: pruned.dense.params,
      epochs: training.epochs - before,
      follows: false
    }))
  )
}

const rewind = (choice: Choice, method: MethodOf<'rewind'>): Effect<Chosen> => {
  const { network, params, set, density, training, stream, tell } = choice
  const { kind: _kind, name: _name, to = 0, ...options } = method
  return pipe(
    train.rewind(network.apply, {
      ...fitOf(training, training.epochs),
      ...options,
      rewindEpoch: to,
      density,
      observe: ({ step, steps, loss }) => tell('drawing', step, steps, `loss ${loss.toFixed(3)}`)
    })(params, set, stream('fit')),
    RTE.map((drawn) => ({ ...fromStart(choice, drawn.mask), start: drawn.params }))
  )
}

/** Chooses what is trained, by any method. */
export const choose =
  (method: MethodSetting) =>
  (choice: Choice): Effect<Chosen> => {
    if (isScored(method))
      return pipe(
        score(choice, method),
        RTE.map((made) => fromStart(choice, made.mask))
      )
    switch (method.kind) {
      case 'dense':
        return RTE.of(fromStart(choice, undefined))
      case 'ticket':
        return ticket(choice, method)
      case 'edgePopup':
        return pipe(
          RTE.of(mask.edgePopupStart(choice.stream('mask'))(nn.weightsOf(choice.params))),
          RTE.flatMap((start) => learnt(choice, method, start, attack.none))
        )
      case 'hydra':
        return pipe(
          RTE.fromEither(attempt(() => mask.hydraStart(nn.weightsOf(choice.params)))),
          RTE.flatMap((start) => learnt(choice, method, start, searchAttack(choice.training)))
        )
      case 'transfer':
        return transfer(choice, method)
      case 'threeStage':
        return threeStage(choice, method)
      case 'rewind':
        return rewind(choice, method)
    }
  }
