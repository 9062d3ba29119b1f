/**
 * Adversarial attacks on any model that gives logits, and the evaluation of robustness. In: a model, parameters, a labelled
 * batch or set and a key; out: adversarial inputs with their losses, margins and successes, traced in a graph or run on an
 * engine (run.ts), and accuracy under attacks, over whole sets (evaluate.ts, curves.ts, audit.ts). An iterative attack is a
 * `Goal`, an `Iteration` of steps towards it, and the programs that `iterate` makes of them; `sequence` makes one attack of
 * several. To add an attack, write a file like pgd.ts, whose exports are public, and export them at the end of this one; a
 * row in lib/experiment/attacks.ts makes experiments know it, and with a row of `everyAttack` in spec/attack/support.ts every
 * law tries it. To add a flag, give it a limit in robustness.ts.
 */
export type { Attack, Box } from '../nn/model.js'
export type { AttackBatch, AttackLoss, Candidate, Goal, GoalOptions } from './goal.js'
export type { AttackResult, Iteration, StepResult } from './iteration.js'
export { iterate, path } from './iterate.js'
export { prepare, run } from './run.js'
export type { AttackRun, PrepareAttack, PreparedAttack, RunOptions, TracedAttack } from './run.js'
export { restarts, worst } from './sequence.js'
export * as ball from './ball.js'
export type { Ball, BallOptions, Norm } from './ball.js'
export * as target from './target.js'
export type { Target, TargetQuestion } from './target.js'

// evaluation
export * from './audit.js'
export * from './curves.js'
export * from './evaluate.js'
export type * from './robustness.js'

// the attacks
export * from './apgd.js'
export * from './apgd-iteration.js'
export * from './pgd.js'
export * from './square.js'
