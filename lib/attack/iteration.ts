import { isNdArray } from '../core/ndarray.js'
import { leaves, rebuild } from '../core/tree.js'
import { fill } from '../graph/contract.js'
import { constant, type Tensor } from '../graph/tensor.js'
import type { Key } from '../graph/key.js'
import { ops } from '../graph/ops/index.js'
import type { Concrete } from '../graph/spec.js'
import type { Box } from '../nn/model.js'
import {
  type AttackBatch,
  byLoss,
  type Candidate,
  type Goal,
  gradientAt,
  type GradientFaults,
  gradientFaults,
  lazily,
  scoreAt,
  stronger
} from './goal.js'
import { chooseEach, either, not } from './samples.js'

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

/** The next point, and what the iteration remembers: a tree of tensors of the same shapes at every step. */
export interface StepResult<S> {
  /** The next point, [n, …]. */
  readonly point: Tensor
  /** What the iteration remembers until the next step. */
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
  /** The box that inputs have to be in, see `Attack`. */
  readonly box?: Box | undefined
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

/** How many gradients were at fault, [n] each. */
export type FaultCounts = Pick<AttackResult, 'zeroGradients' | 'nonFiniteGradients'>

/** The losses and margins of evaluated points, [rows, n]. */
export type Rows = Pick<AttackResult, 'losses' | 'margins'>

/** An attack between two steps. `best` is the best point so far; before the first one, it loses to any. */
export type AttackState<S> = FaultCounts & {
  /** The current point, [n, …]. */
  readonly point: Tensor
  /** What the iteration remembers. */
  readonly state: S
  readonly best: Candidate
}

/** Worse than anything a finite model can give. */
const UNSEEN = 1e30

/** An attack at its start, before a point is evaluated. */
export const begin = <S>(
  { start }: Pick<Iteration<S, unknown>, 'start'>,
  goal: Goal,
  key: Key
): AttackState<S> => {
  const { point, state } = start(goal, key)
  const each = [point.shape[0]!]
  const none = fill(0, each)
  return {
    point,
    state,
    best: { x: point, success: none, loss: fill(-UNSEEN, each), margin: fill(UNSEEN, each) },
    zeroGradients: none,
    nonFiniteGradients: none
  }
}

/** Evaluates the point, keeps the best and takes a step. What nobody reads is not built. */
export const advance = <S, C>(
  iteration: Iteration<S, C>,
  goal: Goal,
  from: AttackState<S>,
  control: C,
  key: Key
): { readonly to: AttackState<S>; readonly seen: Candidate } => {
  const seen = scoreAt(goal, from.point)
  const own = lazily<{ readonly best: Candidate; readonly faults: GradientFaults }>({
    best: () => stronger(byLoss)(from.best, seen),
    faults: () => gradientFaults(gradient)
  })
  const gradient = iteration.gradients ? gradientAt(goal, from.point) : fill(0, from.point.shape)
  const { point, state } = iteration.step(goal, seen, gradient, from.state, control, key)
  const count = (known: Tensor, fault: () => Tensor): Tensor => {
    if (!iteration.gradients) return known
    return ops.add(iteration.freeze ? ops.mul(not(own.best.success))(fault()) : fault())(known)
  }
  return {
    seen,
    to: lazily<AttackState<S>>({
      point: () => {
        const stays = [
          ...(iteration.freeze ? [own.best.success] : []),
          // training takes the last point, and its own loss shows what went wrong: the guard is for evaluations
          ...(iteration.gradients && iteration.keep === 'best' ? [own.faults.nonFinite] : [])
        ]
        return stays.length === 0 ? point : chooseEach(stays.reduce(either))(from.point, point)
      },
      state: () => state,
      best: () => own.best,
      zeroGradients: () => count(from.zeroGradients, () => own.faults.zero),
      nonFiniteGradients: () => count(from.nonFiniteGradients, () => own.faults.nonFinite)
    })
  }
}

/** Evaluates the last point and decides which one is the result. */
export const finish = (
  { keep }: Pick<Iteration<unknown, unknown>, 'keep'>,
  goal: Goal,
  from: Pick<AttackState<unknown>, 'point' | 'best'>,
  first = false
): { readonly kept: Candidate; readonly seen: Candidate } => {
  const seen = scoreAt(goal, from.point)
  return { kept: first || keep === 'last' ? seen : stronger(byLoss)(from.best, seen), seen }
}

/** One evaluated point as a row. */
export const rowOf = (seen: Candidate): Rows =>
  lazily<Rows>({
    losses: () => ops.expandDims(0)(seen.loss),
    margins: () => ops.expandDims(0)(seen.margin)
  })

/** Rows one below the other. */
export const concatRows = (parts: readonly Rows[]): Rows =>
  lazily<Rows>({
    losses: () => ops.concat(0)(parts.map(({ losses }) => losses)),
    margins: () => ops.concat(0)(parts.map(({ margins }) => margins))
  })

/** The first row at which a margin is at most 0, [n], or −1: from margins [rows, n]. */
const firstSuccess = (margins: Tensor): Tensor => {
  const rows = margins.shape[0]!
  const early = ops.mul(not(ops.greater(0)(margins)))(
    ops.sub(ops.iota(margins.shape, 0))(ops.fill(rows, margins.shape))
  )
  const most = ops.reduceMax(0)(early)
  return ops.where(ops.greater(0)(most))(ops.sub(most)(ops.fill(rows, most.shape)), -1)
}

/**
 * The result of an attack from the point it kept, the rows it evaluated and the faults it counted: constant to every
 * derivative, and each field built only when it is read.
 */
export const resultOf = (kept: Candidate, parts: readonly Rows[], faults: FaultCounts): AttackResult => {
  const rows = concatRows(parts)
  const field = (value: () => Tensor) => (): Tensor => ops.stopGradient(value())
  return lazily<AttackResult>({
    x: field(() => kept.x),
    success: field(() => kept.success),
    firstSuccess: field(() => firstSuccess(rows.margins)),
    loss: field(() => kept.loss),
    margin: field(() => kept.margin),
    losses: field(() => rows.losses),
    margins: field(() => rows.margins),
    zeroGradients: field(() => faults.zeroGradients),
    nonFiniteGradients: field(() => faults.nonFiniteGradients)
  })
}

/** A tree of arrays as constants of the graph. */
export const constants = <T>(operation: string, tree: Concrete<T>): T =>
  rebuild<unknown, T>(
    operation,
    isNdArray,
    tree,
    leaves(operation, isNdArray, tree).map(({ value }) => constant(value))
  )
