/**
 * The evaluation of robustness over a whole set. In: a model, attacks, parameters and a labelled set; out, on an engine:
 * clean and robust accuracy under attacks in order (evaluate.ts) with a report on each and flags (report.ts), curves over
 * ε and over steps (curves.ts), and an audit for signs of masked gradients (audit.ts). standard.ts names the usual attacks.
 * To add a flag, give it a limit in report.ts and raise it there or in audit.ts.
 */
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
} from './report.js'
export { standard, type StandardOptions, transfer } from './standard.js'
