export type { Attack } from '../nn/model.js'
export { apgd, type ApgdControl, type ApgdMemory, type ApgdOptions, checkpoints } from './apgd.js'
export type { ApgdL1Control, ApgdL1Memory } from './apgd-l1.js'
export { apgdT, type ApgdTOptions } from './apgd-t.js'
export { type Attacked, type AttackLoss, type FullAttack, none, type Samples } from './attack.js'
export * as ball from './ball.js'
export type { Ball, BallOptions, Box, Norm } from './ball.js'
export { prepare, restarts, run, worst } from './combine.js'
export * from './evaluate/index.js'
export { iterate } from './iterate.js'
export * as method from './methods.js'
export type { Method, Moved } from './method.js'
export {
  fgsm,
  mifgsm,
  noise,
  type NoiseOptions,
  pgd,
  type PgdControl,
  type PgdMemory,
  type PgdOptions,
  type StepOptions
} from './pgd.js'
export type { Chunked, PrepareAttack, PreparedAttack, Run, RunOptions } from './run.js'
export {
  type ImageShape,
  square,
  type SquareControl,
  type SquareMemory,
  type SquareOptions
} from './square.js'
export * as target from './target.js'
export type { Target, TargetQuestion } from './target.js'
export type { Candidate, GoalOptions, Task } from './task.js'
