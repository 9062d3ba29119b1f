import { plain } from '../core/plain.js'
import { pipe } from 'fp-ts/lib/function.js'
import { MOST_UNROLLED, requireFinite, requireFraction, requireWhole } from '../core/check.js'
import { checkOptions, option, type OptionKinds } from '../core/options.js'
import type { TensorLike, Tensor } from '../graph/tensor.js'
import { ops } from '../graph/ops/index.js'
import type { Attack } from '../nn/model.js'
import { geometry, projectOnto, randomPoint, unitBox } from './ball.js'
import { goalKinds, goalOf, type GoalOptions } from './goal.js'
import { iterate } from './iterate.js'
import type { Iteration } from './iteration.js'
import type { TracedAttack } from './run.js'
import { times, unit } from './samples.js'
import { restarts } from './sequence.js'

/** How far one step goes, in the norm of the ball: one of the two. */
export type StepLength =
  | {
      /** In units of the inputs; it does not depend on `steps`. */
      readonly stepSize: number
      /** Not given beside `stepSize`. */
      readonly relativeStep?: undefined
    }
  | {
      /** In units of ε / steps: 2.5 is usual (Madry et al.), 1 just reaches the sphere. */
      readonly relativeStep: number
      /** Not given beside `relativeStep`. */
      readonly stepSize?: undefined
    }

/** The options of projected gradient descent. */
export type PgdOptions = GoalOptions &
  StepLength & {
    /** Gradient steps; a whole number, 0 leaves the starting point. */
    readonly steps: number
    /**
     * Whether to start at a uniform point of the ball. Noise follows `batch.ids` if there are any. @defaultValue true
     */
    readonly randomStart?: boolean
    /** Starting points; the strongest result of each sample is kept. @defaultValue 1 */
    readonly restarts?: number
    /**
     * Which point of a run is its result: the `last` one, as adversarial training uses it, or the `best` of all,
     * ordered by success, then loss, as an evaluation wants it. @defaultValue `'last'`
     */
    readonly keep?: 'last' | 'best'
    /** Whether a sample no longer moves after a success. @defaultValue false */
    readonly freeze?: boolean
    /** The decay μ of the accumulated gradient (MI-FGSM); without it the gradient itself is followed. */
    readonly momentum?: number
    /**
     * In L1, the fraction of a sample's elements that one step moves, at least one element. @defaultValue 0.01
     */
    readonly sparsity?: number
  }

/** What PGD remembers: with momentum, the accumulated gradient. */
export type PgdState = {
  /** The averaged direction of the steps so far, with momentum only. */
  readonly velocity?: Tensor
}

/** The schedule of PGD gives nothing to its steps. */
export type PgdSchedule = { readonly [name: string]: never }

const kinds: OptionKinds<PgdOptions> = {
  ...goalKinds,
  steps: option.number,
  stepSize: option.number,
  relativeStep: option.number,
  randomStart: option.flag,
  restarts: option.number,
  keep: option.word('last', 'best'),
  freeze: option.flag,
  momentum: option.number,
  sparsity: option.number
}

const check = (operation: string, options: PgdOptions): void => {
  checkOptions(operation, kinds, options)
  const { steps, stepSize, relativeStep, momentum = 0, sparsity = 0 } = options
  requireWhole(operation, 'steps', steps, 0, MOST_UNROLLED)
  if (relativeStep === undefined) requireFinite(operation, 'stepSize', stepSize, 0)
  else requireFinite(operation, 'relativeStep', relativeStep, 0)
  requireFinite(operation, 'momentum', momentum, 0)
  requireFraction(operation, 'sparsity', sparsity)
}

const stepOf = ({ stepSize, relativeStep, steps }: PgdOptions, epsilon: TensorLike): TensorLike =>
  relativeStep === undefined ? stepSize : times(relativeStep / Math.max(1, steps), epsilon)

/** The iteration of {@link pgd}, without its restarts. */
export const pgdIteration = plain(
  'attack.pgdIteration',
  (options: PgdOptions, operation = 'attack.pgd'): Iteration<PgdState, PgdSchedule> => {
    const { steps, randomStart = true, keep = 'last', freeze = false, momentum, sparsity = 0.01 } = options
    return {
      steps,
      keep,
      freeze,
      gradients: steps > 0,
      box: options.box ?? unitBox,
      goal: (logits, batch, key) => {
        check(operation, options)
        return goalOf(operation, options, logits, batch, key)
      },
      start: (goal, key) => ({
        point: randomStart ? randomPoint(goal, key) : goal.ball.centre,
        state: momentum === undefined ? {} : { velocity: ops.fill(0, goal.ball.centre.shape) }
      }),
      schedule: () => ({}),
      step: ({ norm, ball }, { x }, gradient, { velocity }) => {
        const along =
          velocity === undefined ? gradient : ops.add(ops.scale(momentum ?? 0)(velocity))(unit(1)(gradient))
        const direction = geometry[norm].ascent(along, x, ball, sparsity)
        return {
          point: projectOnto(
            norm,
            ball
          )(pipe(x, ops.add(ops.scale(stepOf(options, ball.epsilon))(direction)))),
          state: velocity === undefined ? {} : { velocity: along }
        }
      }
    }
  }
)

/**
 * Projected gradient descent (Madry et al., arXiv:1706.06083): x ← Π(x + α d), where d is the direction of steepest
 * ascent of the norm: sign ∇ℓ in L∞, ∇ℓ / ‖∇ℓ‖₂ in L2, and in L1 the signs of the largest elements of ∇ℓ divided by
 * their number (SLIDE; Tramèr and Boneh, arXiv:1904.13000), without those that would leave the box. All steps are in the
 * traced program. Results are in ball ∩ box; with ε = 0 they are the inputs. Bad options are an ArgumentError when
 * the function is traced.
 *
 * @example
 * import assert from 'node:assert'
 * import { attack, evaluateOn, key, ndarray, nn } from 'tangentflow'
 *
 * const net = nn.serial(nn.dense(4), nn.relu, nn.dense(3))
 * const robust = attack.pgd({ epsilon: 0.1, steps: 3, stepSize: 0.05 })(net.apply)
 * const x = ndarray.full([2, 5], 0.5)
 * const adversarial = evaluateOn(robust)(net.init(key(0), [5]), { x, y: ndarray.of([2], [0, 2]) }, key(1)).x
 * assert.ok(adversarial.data.every((v) => Math.abs(v - 0.5) <= 0.1 + 1e-9))
 */
export const pgd = plain('attack.pgd', (options: PgdOptions): TracedAttack => started(options, 'attack.pgd'))

const started = (options: PgdOptions, operation: string): TracedAttack =>
  restarts(options.restarts ?? 1)(iterate(pgdIteration(options, operation)))

/**
 * The fast gradient sign method (Goodfellow, Shlens, Szegedy, arXiv:1412.6572): one step of length ε from the input
 * itself, in the norm of the ball.
 */
export const fgsm = plain('attack.fgsm', (options: GoalOptions): TracedAttack =>
  started({ ...options, steps: 1, relativeStep: 1, randomStart: false }, 'attack.fgsm')
)

/**
 * The momentum iterative method (Dong et al., arXiv:1710.06081): g ← μ g + ∇ℓ / ‖∇ℓ‖₁, x ← Π(x + α sign g), from the
 * input itself. @defaultValue `momentum` is 1, `randomStart` is false
 */
export const mifgsm = (options: PgdOptions): TracedAttack =>
  started({ momentum: 1, randomStart: false, ...options }, 'attack.mifgsm')

/** The options of the random control. */
export interface NoiseOptions extends GoalOptions {
  /** Points to draw. @defaultValue 1 */
  readonly samples?: number
}

/** Uniform noise in the ball, the strongest of `samples` draws: the control that every attack has to beat. */
export const noise = plain('attack.noise', ({ samples = 1, ...options }: NoiseOptions): TracedAttack =>
  started({ ...options, steps: 0, stepSize: 0, keep: 'best', restarts: samples }, 'attack.noise')
)

/** No attack: the inputs as they are. */
export const none: Attack = plain('attack.none', () => (_params, batch) => ({ x: batch.x }))
