import { fail } from '../core/error.js'
import type { Key } from '../graph/key.js'
import type { Concrete } from '../graph/spec.js'
import type { Tensor } from '../graph/tensor.js'
import type { Samples } from './attack.js'
import type { Candidate, Task } from './task.js'

/** Where an attack looks next, and what it remembers: a tree of tensors, the same at every step. */
export interface Moved<M> {
  readonly point: Tensor
  readonly memory: M
}

/**
 * An iterative attack, init ∘ stepⁿ ∘ keep, as a record of its parts: any of them may be replaced, as in
 * `attack.iterate({ ...attack.method.pgd(options), start })`. `M` is what it remembers between steps, and `C`
 * what drives a step from outside; both are trees of tensors.
 */
export interface Method<M, C> {
  /** How often it moves; it looks at one point more. */
  readonly steps: number
  /** Which point is the result: the last one, or the best by success, then loss. */
  readonly keep: 'last' | 'best'
  /** Whether a sample stays where it is once the attack has succeeded on it. */
  readonly freeze: boolean
  /** Whether it follows gradients. Those of other methods are never formed. */
  readonly gradients: boolean
  /** The goal on one batch; refuses options that make no sense. */
  readonly task: (logits: (x: Tensor) => Tensor, batch: Samples, key: Key) => Task
  /** Where it starts. Noise is drawn from the key itself. */
  readonly start: (task: Task, key: Key) => Moved<M>
  /** The numbers that drive step i = 0, 1, …, known before anything runs. */
  readonly control: (step: number) => Concrete<C>
  /** From one point, and the gradient of the objective there (zeros without `gradients`), to the next. */
  readonly move: (task: Task, at: Candidate, gradient: Tensor, memory: M, control: C, key: Key) => Moved<M>
}

export const checkSteps = (operation: string, steps: number): void => {
  if (!(Number.isInteger(steps) && steps >= 0))
    fail('ArgumentError', operation, 'a whole number of steps', `${steps}`, 'steps')
}

export const checkRestarts = (operation: string, restarts: number): number =>
  Number.isInteger(restarts) && restarts >= 1
    ? restarts
    : fail('ArgumentError', operation, 'at least one start', `${restarts}`, 'restarts')
