export { audit, type Audit, type AuditOptions } from './audit.js'
export {
  type CurveOptions,
  type EpsilonOptions,
  type EpsilonPoint,
  overEpsilon,
  overSteps,
  type StepCurve
} from './curves.js'
export { evaluate } from './evaluate.js'
export { type Flag, type FlagName } from './flags.js'
export type {
  AttackKind,
  AttackReport,
  ClassReport,
  EvaluateEvent,
  EvaluateOptions,
  NamedAttack,
  Robustness
} from './options.js'
export { standard, type StandardOptions, transfer } from './suite.js'
