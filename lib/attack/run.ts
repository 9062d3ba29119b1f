import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { TangentError } from '../core/error.js'
import type { HostKey } from '../core/key.js'
import type { Key } from '../graph/key.js'
import type { Effect, Executed } from '../graph/runner.js'
import type { Concrete, Specs } from '../graph/spec.js'
import type { Tensor } from '../graph/tensor.js'
import type { Batch, Model } from '../nn/model.js'
import type { Ball, Norm } from './ball.js'

/** What attacks raise: a loss of each example, [n], as `nn.crossEntropyEach`. */
export type AttackLoss = (labels: Tensor) => (logits: Tensor) => Tensor

/**
 * A labelled batch whose samples may bring a radius of their own, [n], which replaces the attack's `epsilon`, and a class,
 * [n], for `target.given`. As arguments of the program they may change from call to call: a curve over ε compiles once.
 */
export type AttackBatch = Batch & { readonly epsilon?: Tensor; readonly target?: Tensor }

/** A point, and how well it does for each sample. */
export type Candidate = {
  readonly x: Tensor
  /** 1 where the attack succeeds at `x`, [n]: the sample is misclassified (a tie counts), or the target is reached. */
  readonly success: Tensor
  /** What is raised, at `x`, [n]. */
  readonly loss: Tensor
  /** At most 0 exactly where the attack succeeds, [n]: at `x`, z_y − max z_j, or for a target t, max z_j − z_t. */
  readonly margin: Tensor
}

/**
 * The result of an attack on n samples: the adversarial inputs `x`, of the batch's shape, and how well they do. Rows are the
 * evaluated points in order: the start, then one a step; restarts and several attacks follow one another. What a program
 * does not return is not computed, so training against `x` alone pays for `x` alone.
 */
export type AttackResult = Candidate & {
  /** The first row at which the attack succeeds, [n]; −1 where it never does. */
  readonly firstSuccess: Tensor
  /** The loss of every point, [rows, n]. */
  readonly losses: Tensor
  /** The margin of every point, [rows, n]. */
  readonly margins: Tensor
  /** How many of a sample's gradients were zero everywhere, [n]. */
  readonly zeroGradients: Tensor
  /** How many of a sample's gradients had an entry that was not finite, [n]; such a step is not taken. */
  readonly nonFiniteGradients: Tensor
}

/**
 * An attack with a full result: usable wherever an `Attack` is, inside any traced function, and also as a sequence of
 * programs, by `attack.prepare` and `attack.run`.
 */
export interface TracedAttack {
  <P>(model: Model<P>): (params: P, batch: AttackBatch, key: Key) => AttackResult
  /** The attack as programs of so many steps. */
  readonly programs: (chunk: number) => PrepareAttack
}

/** How an attack is divided into programs. */
export interface RunOptions {
  /**
   * Steps in one program; an attack of no more steps is one program.
   *
   * @defaultValue 10
   */
  readonly chunk?: number | undefined
}

/** The result of an attack on an engine: the arrays of `AttackResult`, the key that repeats it, and what executed it. */
export interface AttackRun extends Concrete<AttackResult> {
  readonly key: HostKey
  readonly executed: Executed
}

/** An attack whose programs are compiled: it runs on any batch of the shapes it was prepared for. */
export type PreparedAttack<P> = (
  params: Concrete<P>,
  batch: Concrete<AttackBatch>,
  key: HostKey
) => TaskEither<TangentError, AttackRun>

/** Compiles an attack for arguments of the given shapes; concrete arguments stand for their shapes. */
export type PrepareAttack = <P>(
  model: Model<P>
) => (params: Specs<P>, batch: Specs<AttackBatch>) => Effect<PreparedAttack<P>>

/** What an attack wants on one batch: all that an iteration may read. */
export interface Goal {
  readonly norm: Norm
  readonly ball: Ball
  readonly ids: Tensor | undefined
  readonly logits: (x: Tensor) => Tensor
  /** What is raised, [n], from logits. */
  readonly objective: (logits: Tensor) => Tensor
  /** At most 0 exactly where the attack succeeds, [n], from logits. */
  readonly margin: (logits: Tensor) => Tensor
}

/** The next point, and what the iteration remembers: a tree of tensors of the same shapes at every step. */
export interface StepResult<S> {
  readonly point: Tensor
  readonly state: S
}

/**
 * An iterative attack as a record of its parts, each of which may be replaced, as in
 * `attack.iterate({ ...attack.pgdIteration(options), start })`. `S` is what it remembers between steps, and `C` the numbers
 * that its schedule gives to a step; both are trees of tensors.
 */
export interface Iteration<S, C> {
  /** The number of steps; one point more is evaluated. */
  readonly steps: number
  /** Which point is the result: the last one, or the best by success, then loss. */
  readonly keep: 'last' | 'best'
  /** Whether a sample no longer moves once the attack has succeeded on it. */
  readonly freeze: boolean
  /** Whether it follows gradients. Without this, no gradient is formed. */
  readonly gradients: boolean
  /** The goal on one batch; refuses options that make no sense. */
  readonly goal: (logits: (x: Tensor) => Tensor, batch: AttackBatch, key: Key) => Goal
  /** The first point. Noise is drawn from the key itself. */
  readonly start: (goal: Goal, key: Key) => StepResult<S>
  /** The numbers for step i = 0, 1, …, known before anything runs. */
  readonly schedule: (step: number) => Concrete<C>
  /** From one point, and the gradient of the objective there (zeros without `gradients`), to the next. */
  readonly step: (
    goal: Goal,
    at: Candidate,
    gradient: Tensor,
    state: S,
    control: C,
    key: Key
  ) => StepResult<S>
}
