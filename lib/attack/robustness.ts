import type { Executed } from '../graph/runner.js'
import type { Attack } from '../nn/model.js'
import type { TracedAttack } from './run.js'

/**
 * What an attack knows of the model: its gradients (`white box`), its outputs (`black box`), another model (`transfer`) or
 * nothing (`noise`).
 */
export type AttackKind = 'white box' | 'black box' | 'transfer' | 'noise'

/** One of the attacks of an evaluation. */
export interface NamedAttack {
  /** Its name in reports. */
  readonly name: string
  /** @defaultValue `'white box'` */
  readonly kind?: AttackKind
  /** The attack itself. */
  readonly attack: Attack | TracedAttack
}

/** The result of one of several attacks. */
export interface AttackReport {
  /** The name of the attack. */
  readonly name: string
  /** What the attack knows of the model. */
  readonly kind: AttackKind
  /** On how many examples it ran: those on which no attack before it succeeded. */
  readonly attacked: number
  /** On how many of them it succeeded. */
  readonly broken: number
  /** The fraction of the set that is robust after it. */
  readonly robust: number
  /** Attacked examples with a gradient that was zero everywhere at some step. */
  readonly zeroGradients: number
  /** Attacked examples with a gradient that was not finite at some step. */
  readonly nonFiniteGradients: number
}

/** The accuracy on one class. */
export interface ClassReport {
  /** The class. */
  readonly label: number
  /** How many examples have it. */
  readonly count: number
  /** The fraction of them that is classified correctly. */
  readonly clean: number
  /** The fraction of them that is also classified correctly under every attack. */
  readonly robust: number
}

/** The accuracy of a model on a set. Numbers and words only, so `JSON.stringify` makes a report of it. */
export interface Robustness {
  /** How many examples were evaluated. */
  readonly count: number
  /** The fraction classified correctly. */
  readonly clean: number
  /** The fraction classified correctly both as it is and under every attack. */
  readonly robust: number
  /** 1 where the example is classified correctly as it is. */
  readonly cleanEach: readonly number[]
  /** 1 where the example is also classified correctly under every attack. */
  readonly robustEach: readonly number[]
  /** The named attacks, in order; none for a bare one. */
  readonly attacks: readonly AttackReport[]
  /** The classes that the set has. */
  readonly classes: readonly ClassReport[]
  /** What the attacks, compared with one another, say against the evaluation. */
  readonly flags: readonly Flag[]
  /** Who computed it; undefined where no program ran. */
  readonly executed: Executed | undefined
}

/** How many values are not 0. */
export const countOf = (values: readonly number[]): number => values.filter((value) => value !== 0).length

/** The fraction of values that are not 0. */
export const fraction = (values: readonly number[]): number => countOf(values) / values.length

/** The report on each class of the set, from the labels and from whether each example is classified correctly. */
export const classesOf = (
  labels: readonly number[],
  clean: readonly number[],
  robust: readonly number[]
): readonly ClassReport[] =>
  [...new Set(labels)]
    .sort((a, b) => a - b)
    .map((label) => {
      const of = (each: readonly number[]): readonly number[] => each.filter((_, i) => labels[i] === label)
      return { label, count: of(clean).length, clean: fraction(of(clean)), robust: fraction(of(robust)) }
    })

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
  /** Which sign it is. */
  readonly name: FlagName
  /** The finding, in words and numbers. */
  readonly reason: string
  /** The fraction that was measured, and the largest that raises no flag. */
  readonly measured: number
  /** The largest fraction that raises no flag. */
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
export const percent = (value: number): string => `${(100 * value).toFixed(1)} %`

/** A flag where a measurement is over its limit. */
export const flagOf = (name: FlagName, measured: number, reason: string): readonly Flag[] =>
  measured > limits[name] ? [{ name, reason, measured, limit: limits[name] }] : []

/** The flag of an attack that succeeds where a stronger one failed. */
export const beats: { readonly [K in AttackKind]: FlagName } = {
  'white box': 'one step beats many',
  'black box': 'black box beats white box',
  transfer: 'transfer beats white box',
  noise: 'noise beats gradients'
}

/** What a weaker attack shows that a stronger one should have: successes on examples where gradients failed. */
const beaten = ({ name, kind, broken, attacked }: AttackReport, count: number): readonly Flag[] =>
  kind === 'white box'
    ? []
    : flagOf(
        beats[kind],
        broken / count,
        `${name} breaks ${broken} of ${attacked} examples that no gradient attack before it ` +
          `broke, ${percent(broken / count)} of the set`
      )

/** What the gradients of an attack say: of the examples that it attacks, the fractions with one at fault. */
export const gradientFlags = (name: string, zero: number, nonFinite: number): readonly Flag[] => [
  ...flagOf('zero gradients', zero, `${name} meets a gradient of zero on ${percent(zero)} of the examples`),
  ...flagOf(
    'gradients not finite',
    nonFinite,
    `${name} meets a gradient that is not finite on ${percent(nonFinite)} of the examples`
  )
]

const faults = ({
  name,
  kind,
  attacked,
  zeroGradients,
  nonFiniteGradients
}: AttackReport): readonly Flag[] =>
  kind !== 'white box' || attacked === 0
    ? []
    : gradientFlags(name, zeroGradients / attacked, nonFiniteGradients / attacked)

/** The flags of attacks that followed one another; a weaker kind says something only after a white box. */
export const flagsOf = (reports: readonly AttackReport[], count: number): readonly Flag[] =>
  reports.flatMap((report, j) => [
    ...(reports.slice(0, j).some(({ kind }) => kind === 'white box') ? beaten(report, count) : []),
    ...faults(report)
  ])
