/**
 * Adversarial attacks on any model that gives logits, and the evaluation of robustness. In: a model, parameters, a labelled
 * batch and a key; out: adversarial inputs with their losses, margins and successes, traced in a graph or run on an engine.
 * An iterative attack is a `Goal` (goal.ts), an `Iteration` and its steps (step.ts), and the programs that they become
 * (programs.ts); combine.ts makes one attack of several. To add an attack, write a file like pgd.ts, whose exports are
 * public, and give it a row below; a row in lib/experiment/attacks.ts makes experiments know it.
 */
export type { Attack } from '../nn/model.js'
export type {
  AttackBatch,
  AttackLoss,
  AttackResult,
  AttackRun,
  Candidate,
  Goal,
  Iteration,
  PrepareAttack,
  PreparedAttack,
  RunOptions,
  StepResult,
  TracedAttack
} from './types.js'
export type { GoalOptions } from './goal.js'
export * as ball from './ball.js'
export type { Ball, BallOptions, Box, Norm } from './ball.js'
export * as target from './target.js'
export type { Target, TargetQuestion } from './target.js'
export { iterate } from './programs.js'
export { prepare, restarts, run, worst } from './combine.js'
export * from './evaluate/index.js'

// the attacks
export * from './apgd.js'
export * from './apgd-iteration.js'
export * from './pgd.js'
export * from './square.js'
