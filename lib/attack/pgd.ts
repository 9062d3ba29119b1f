import { pipe } from 'fp-ts/lib/function.js'
import { fail } from '../core/error.js'
import type { Operand } from '../graph/constant.js'
import { ops } from '../graph/ops/index.js'
import type { Tensor } from '../graph/tensor.js'
import type { FullAttack } from './attack.js'
import { projectOnto } from './ball.js'
import { restarts } from './combine.js'
import { iterate } from './iterate.js'
import { checkSteps, type Method } from './method.js'
import { geometry, randomPoint } from './norm.js'
import { times, unit } from './rows.js'
import { type GoalOptions, taskOf } from './task.js'

/** How far one step goes, in the norm of the ball: one of the two. */
export type StepOptions =
  | {
      /** In units of the inputs; it does not depend on `steps`. */
      readonly stepSize: number
      readonly relativeStep?: undefined
    }
  | {
      /** In units of ε / steps: 2.5 is usual (Madry et al.), 1 just reaches the sphere. */
      readonly relativeStep: number
      readonly stepSize?: undefined
    }

/** The options of projected gradient descent. */
export type PgdOptions = GoalOptions &
  StepOptions & {
    /** Gradient steps; a whole number, 0 leaves the starting point. */
    readonly steps: number
    /** Whether to start at a uniform point of the ball; true unless given. Noise follows `batch.ids` if there are any. */
    readonly randomStart?: boolean
    /** Starting points; the worst result of each sample is kept. 1 unless given. */
    readonly restarts?: number
    /**
     * Which point of a run is its result: the `last` one, as adversarial training uses it (the default), or the `best`
     * of all, ordered by success, then loss, as an evaluation wants it.
     */
    readonly keep?: 'last' | 'best'
    /** Whether a sample stays where it is once it is broken; false unless given. */
    readonly freeze?: boolean
    /** The decay μ of the accumulated gradient (MI-FGSM); none unless given. */
    readonly momentum?: number
    /** In L1, the part of a sample's elements that one step moves; 0.01 unless given, at least one element. */
    readonly sparsity?: number
  }

/** What PGD remembers: with momentum, the accumulated gradient. */
export type PgdMemory = { readonly velocity?: Tensor }

/** Nothing drives its steps from outside. */
export type PgdControl = { readonly [name: string]: never }

const check = (operation: string, options: PgdOptions): void => {
  const { steps, stepSize, relativeStep, momentum = 0, sparsity = 0 } = options
  checkSteps(operation, steps)
  const [name, size] =
    relativeStep === undefined ? (['stepSize', stepSize] as const) : (['relativeStep', relativeStep] as const)
  if (!(Number.isFinite(size) && size >= 0))
    fail('ArgumentError', operation, 'a finite step of at least 0', `${size}`, name)
  if (!(Number.isFinite(momentum) && momentum >= 0))
    fail('ArgumentError', operation, 'a finite decay of at least 0', `${momentum}`, 'momentum')
  if (!(sparsity >= 0 && sparsity <= 1))
    fail('ArgumentError', operation, 'a part in [0, 1]', `${sparsity}`, 'sparsity')
}

const stepOf = ({ stepSize, relativeStep, steps }: PgdOptions, epsilon: Operand): Operand =>
  relativeStep === undefined ? stepSize : times(relativeStep / Math.max(1, steps), epsilon)

/** The parts of {@link pgd}, without its restarts. */
export const pgdMethod = (options: PgdOptions, operation = 'attack.pgd'): Method<PgdMemory, PgdControl> => {
  const { steps, randomStart = true, keep = 'last', freeze = false, momentum, sparsity = 0.01 } = options
  return {
    steps,
    keep,
    freeze,
    gradients: steps > 0,
    task: (logits, batch, key) => {
      check(operation, options)
      return taskOf(operation, options, logits, batch, key)
    },
    start: (task, key) => ({
      point: randomStart ? randomPoint(task, key) : task.ball.centre,
      memory: momentum === undefined ? {} : { velocity: ops.fill(0, task.ball.centre.shape) }
    }),
    control: () => ({}),
    move: ({ norm, ball }, { x }, gradient, { velocity }) => {
      const along =
        velocity === undefined ? gradient : ops.add(ops.scale(momentum ?? 0)(velocity))(unit(1)(gradient))
      const direction = geometry[norm].ascent(along, x, ball, sparsity)
      return {
        point: projectOnto(norm, ball)(pipe(x, ops.add(ops.scale(stepOf(options, ball.epsilon))(direction)))),
        memory: velocity === undefined ? {} : { velocity: along }
      }
    }
  }
}

/**
 * Projected gradient descent (Madry et al., arXiv:1706.06083): x ← Π(x + α d), where d is the direction of steepest
 * ascent of the norm: sign ∇ℓ in L∞, ∇ℓ / ‖∇ℓ‖₂ in L2, and in L1 the signs of the largest elements of ∇ℓ divided by
 * their number (SLIDE; Tramèr and Boneh, arXiv:1904.13000), without those that would leave the box. All steps are in the
 * traced program. Results lie in ball ∩ box; with ε = 0 they are the inputs. Bad options are an ArgumentError when
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
export const pgd = (options: PgdOptions): FullAttack => started(options, 'attack.pgd')

const started = (options: PgdOptions, operation: string): FullAttack =>
  restarts(options.restarts ?? 1)(iterate(pgdMethod(options, operation)))

/**
 * The fast gradient sign method (Goodfellow, Shlens, Szegedy, arXiv:1412.6572): one step of length ε from the input
 * itself, in the norm of the ball.
 */
export const fgsm = (options: GoalOptions): FullAttack =>
  started({ ...options, steps: 1, relativeStep: 1, randomStart: false }, 'attack.fgsm')

/**
 * The momentum iterative method (Dong et al., arXiv:1710.06081): g ← μ g + ∇ℓ / ‖∇ℓ‖₁, x ← Π(x + α sign g), from the
 * input itself; μ is 1 unless given.
 */
export const mifgsm = (options: PgdOptions): FullAttack =>
  started({ momentum: 1, randomStart: false, ...options }, 'attack.mifgsm')

/** The options of the random control. */
export interface NoiseOptions extends GoalOptions {
  /** Points to draw; 1 unless given. */
  readonly samples?: number
}

/** Uniform noise in the ball, the worst of `samples` draws: the control that every attack has to beat. */
export const noise = ({ samples = 1, ...options }: NoiseOptions): FullAttack =>
  started({ ...options, steps: 0, stepSize: 0, keep: 'best', restarts: samples }, 'attack.noise')
