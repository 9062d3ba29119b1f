import * as t from 'io-ts'
import { norms } from '../attack/ball.js'
import * as attack from '../attack/index.js'
import * as codec from '../format/codec.js'
import type { Tensor } from '../graph/tensor.js'
import type { Dataset } from '../nn/model.js'
import * as train from '../train/index.js'

const count = codec.whole(1)
const radius = codec.atLeast(0)

/** A codec of the norms that attacks know. */
export const Norm = codec.oneOf(norms)

const schedules = codec.tagged<train.schedule.Schedule>()({
  constant: codec.variant(
    'constant',
    {
      /** The learning rate. */
      rate: radius
    },
    {},
    ({ rate }) => train.schedule.constant(rate)
  ),
  cosine: codec.variant(
    'cosine',
    {
      /** The largest learning rate. */
      rate: radius
    },
    {
      /** Steps in which the rate rises from 0. @defaultValue 0 */
      warmUp: codec.whole(0)
    },
    ({ rate, warmUp = 0 }) => train.schedule.warmUp(warmUp, train.schedule.cosine(rate))
  ),
  'one-cycle': codec.variant(
    'one-cycle',
    {
      /** The largest learning rate. */
      rate: radius
    },
    {
      /** The fraction of the steps after which the rate is largest. @defaultValue 0.3 */
      summit: codec.share
    },
    ({ rate, summit }) => train.schedule.oneCycle(rate, summit)
  ),
  steps: codec.variant(
    'steps',
    {
      /** The first learning rate. */
      rate: radius,
      /** The fractions of the steps after which the rate falls. */
      at: t.readonlyArray(codec.share)
    },
    {
      /** What it is multiplied by each time. */
      factor: radius
    },
    ({ rate, at, factor }) => train.schedule.steps(rate, at, factor)
  )
})

/** What every optimiser may have. */
const clipped = {
  /** The largest length of a gradient, all leaves taken as one vector. @defaultValue none */
  clipNorm: codec.positive
}

/** An optimiser whose gradients are clipped, if a length is given. */
const clip = (optimiser: train.Optimiser, clipNorm: number | undefined): train.Optimiser =>
  clipNorm === undefined ? optimiser : train.clipNorm(clipNorm)(optimiser)

const optimisers = codec.tagged<train.Optimiser>()({
  momentum: codec.variant(
    'momentum',
    {
      /** What the velocity is multiplied by at each step; 0 is plain SGD. */
      decay: codec.decay
    },
    clipped,
    ({ decay, clipNorm }) => clip(train.momentum(decay), clipNorm)
  ),
  adam: codec.variant('adam', {}, clipped, ({ clipNorm }) => clip(train.adam(), clipNorm)),
  adamw: codec.variant(
    'adamw',
    {},
    {
      /** λ of the decoupled weight decay. @defaultValue 0.01 */
      weightDecay: radius,
      ...clipped
    },
    ({ weightDecay = 0.01, clipNorm }) => clip(train.adamW({ weightDecay }), clipNorm)
  )
})

/** What a training withstands. */
interface Withstood {
  /** What the training minimises. */
  readonly options: Pick<train.FitOptions, 'attack' | 'objective'>
  /** The attack as it is at the end of the training, by which validation attacks. */
  readonly last: attack.Attack
  /** The ball of the attack, in which scores and searches attack too. */
  readonly ball: { readonly norm: attack.Norm; readonly epsilon: number }
}

const pgd = {
  /** The radius, pixels being in [0, 1]. */
  epsilon: radius,
  /** Steps of the attack. */
  steps: count,
  /** The step size in units of ε / steps. */
  relativeStep: radius
}

const attacks = codec.tagged<Withstood>()({
  pgd: codec.variant(
    'pgd',
    pgd,
    {
      /** The norm of the ball. @defaultValue `linf` */
      norm: Norm,
      /** Steps of training in which ε rises from 0. @defaultValue 0 */
      warmUp: codec.whole(0),
      /** The fraction of each batch that is not attacked. @defaultValue 0 */
      clean: codec.share
    },
    ({ epsilon, steps, relativeStep, norm = 'linf', warmUp = 0, clean = 0 }) => {
      const at = (level: number | Tensor): attack.Attack =>
        attack.pgd({ norm, epsilon: level, steps, relativeStep })
      const mixed = (level: number | Tensor): attack.Attack => train.mixed(clean)(at(level))
      return {
        options: {
          attack:
            warmUp === 0 ? mixed(epsilon) : { schedule: train.schedule.linear(0, epsilon, warmUp), at: mixed }
        },
        last: at(epsilon),
        ball: { norm, epsilon }
      }
    }
  ),
  trades: codec.variant(
    'trades',
    {
      ...pgd,
      /** The weight of the robust term. */
      beta: radius
    },
    {
      /** The norm of the ball. @defaultValue `linf` */
      norm: Norm
    },
    ({ epsilon, steps, relativeStep, norm = 'linf', beta }) => {
      const options = { norm, epsilon, steps, relativeStep }
      return {
        options: {
          objective: train.trades({ beta, attack: (loss) => attack.pgd({ ...options, loss }) })
        },
        last: attack.pgd(options),
        ball: { norm, epsilon }
      }
    }
  ),
  'fgsm-rs': codec.variant(
    'fgsm-rs',
    {
      /** The radius, pixels being in [0, 1]. */
      epsilon: radius
    },
    {},
    ({ epsilon }) => ({
      options: { attack: train.fgsmRs({ epsilon }) },
      last: attack.pgd({ epsilon, steps: 10, relativeStep: 2.5 }),
      ball: { norm: 'linf', epsilon }
    })
  )
})

/** Examples a step, `all` for whole-batch gradient descent. */
const batchSize = new t.Type<number | 'all', unknown>(
  `${count.name}, or all`,
  (value): value is number | 'all' => value === 'all' || count.is(value),
  (value, context) => (value === 'all' ? t.success('all' as const) : count.validate(value, context)),
  t.identity
)

/**
 * How every run is trained: the `rate` of a schedule is its largest, a momentum whose decay is 0 is plain SGD, `warmUp` of an
 * attack is the number of steps in which ε rises from 0, `batch` may be `all`, for whole-batch gradient descent, `clean` the fraction of each batch that is not attacked. A new kind
 * is a row of its table above.
 */
export const TrainingSetting = codec.closed(
  {
    /** How many epochs. */
    epochs: count,
    /** Examples a step, or `all`. */
    batch: batchSize,
    /** How parameters are moved. */
    optimiser: optimisers.codec,
    /** The learning rate of every step. */
    schedule: schedules.codec
  },
  {
    /** The attack of the training. @defaultValue none */
    attack: attacks.codec
  }
)
export type TrainingSetting = t.TypeOf<typeof TrainingSetting>

/** What a training withstands; without an attack the ball has radius 0. */
export const withstoodBy = ({ attack: setting }: Pick<TrainingSetting, 'attack'>): Withstood =>
  setting === undefined
    ? { options: {}, last: attack.none, ball: { norm: 'linf', epsilon: 0 } }
    : attacks.build(setting)

/** The options of a training of so many epochs on a set, with a schedule of its own. */
export const fitOptionsOf = (setting: TrainingSetting, epochs: number, { y }: Dataset): train.FitOptions => ({
  epochs,
  batch: setting.batch === 'all' ? y.shape[0]! : setting.batch,
  optimiser: optimisers.build(setting.optimiser),
  schedule: schedules.build(setting.schedule),
  ...withstoodBy(setting).options
})
