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
} from './run.js'
export type { GoalOptions } from './goal.js'
export * as ball from './ball.js'
export type { Ball, BallOptions, Box, Norm } from './ball.js'
export * as target from './target.js'
export type { Target, TargetQuestion } from './target.js'
export { iterate } from './iterate.js'
export { prepare, restarts, run, worst } from './sequence.js'
export { audit, type Audit, type AuditOptions } from './audit.js'
export {
  type CurveOptions,
  type EpsilonOptions,
  type EpsilonPoint,
  overEpsilon,
  overSteps,
  type StepCurve
} from './curves.js'
export { evaluate, type EvaluateEvent, type EvaluateOptions } from './evaluate.js'
export type {
  AttackKind,
  AttackReport,
  ClassReport,
  Flag,
  FlagName,
  NamedAttack,
  Robustness
} from './robustness.js'
export { standard, type StandardOptions, transfer } from './standard.js'

// the attacks
export * from './apgd.js'
export * from './apgd-iteration.js'
export * from './pgd.js'
export * from './square.js'
