import type { AttackKind, AttackReport } from './options.js'

/** What may be wrong with an evaluation. */
export type FlagName =
  | 'black box beats white box'
  | 'transfer beats white box'
  | 'noise beats gradients'
  | 'one step beats many'
  | 'steps do not help'
  | 'more steps still help'
  | 'unbounded attack fails'
  | 'zero gradients'
  | 'gradients not finite'

/** Something that a careful reader of a robust accuracy has to know: robustness may be overestimated. */
export interface Flag {
  readonly name: FlagName
  /** What was seen, in words and numbers. */
  readonly reason: string
  /** The fraction that was measured, and the largest that raises no flag. */
  readonly measured: number
  readonly limit: number
}

/**
 * The largest fraction of the set, of the attacked examples for gradients and steps, that raises no flag. A point is what a
 * random start may change.
 */
const limits: { readonly [N in FlagName]: number } = {
  'black box beats white box': 0.01,
  'transfer beats white box': 0.01,
  'noise beats gradients': 0.01,
  'one step beats many': 0.01,
  'steps do not help': 0.05,
  'more steps still help': 0.01,
  'unbounded attack fails': 0.01,
  'zero gradients': 0.01,
  'gradients not finite': 0
}

/** `12.5 %` */
export const percent = (fraction: number): string => `${(100 * fraction).toFixed(1)} %`

/** A flag where a measurement is over its limit. */
export const flagOf = (name: FlagName, measured: number, reason: string): readonly Flag[] =>
  measured > limits[name] ? [{ name, reason, measured, limit: limits[name] }] : []

const beats: { readonly [K in Exclude<AttackKind, 'white box'>]: FlagName } = {
  'black box': 'black box beats white box',
  transfer: 'transfer beats white box',
  noise: 'noise beats gradients'
}

/** What weaker attacks show that stronger ones should have: breaks of examples that gradients did not break. */
const beaten = (report: AttackReport, count: number): readonly Flag[] =>
  report.kind === 'white box'
    ? []
    : flagOf(
        beats[report.kind],
        report.broken / count,
        `${report.name} breaks ${report.broken} of ${report.attacked} examples that no gradient attack before it ` +
          `broke, ${percent(report.broken / count)} of the set`
      )

const faults = ({
  name,
  kind,
  attacked,
  zeroGradients,
  nonFiniteGradients
}: AttackReport): readonly Flag[] =>
  kind !== 'white box' || attacked === 0
    ? []
    : [
        ...flagOf(
          'zero gradients',
          zeroGradients / attacked,
          `${name} meets a gradient of zero on ${zeroGradients} of ${attacked} examples`
        ),
        ...flagOf(
          'gradients not finite',
          nonFiniteGradients / attacked,
          `${name} meets a gradient that is not finite on ${nonFiniteGradients} of ${attacked} examples`
        )
      ]

/** The flags of attacks that were tried in turn; a weaker kind says something only after a white box. */
export const flagsOf = (reports: readonly AttackReport[], count: number): readonly Flag[] =>
  reports.flatMap((report, j) => [
    ...(reports.slice(0, j).some(({ kind }) => kind === 'white box') ? beaten(report, count) : []),
    ...faults(report)
  ])
