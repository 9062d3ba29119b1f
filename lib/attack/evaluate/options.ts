import type { IO } from 'fp-ts/lib/IO.js'
import type { Executed } from '../../graph/runner.js'
import type { Attack } from '../../nn/model.js'
import type { FullAttack } from '../attack.js'
import type { Flag } from './flags.js'

/**
 * What an attack knows of the model: its gradients (`white box`), its outputs (`black box`), another model (`transfer`) or
 * nothing (`noise`).
 */
export type AttackKind = 'white box' | 'black box' | 'transfer' | 'noise'

/** One of the attacks of an evaluation. */
export interface NamedAttack {
  readonly name: string
  /** `white box` unless given. */
  readonly kind?: AttackKind
  readonly attack: Attack | FullAttack
}

/** An evaluation has got on by one batch. */
export interface EvaluateEvent {
  /** The attack that goes on; `clean` for the inputs as they are. */
  readonly attack: string
  /** Examples that it was tried on, of all that it will be tried on. */
  readonly done: number
  readonly total: number
  /** The fraction of the set that still stands. */
  readonly robust: number
}

/** How a set is evaluated. */
export type EvaluateOptions = {
  /** Examples a program call; 256 unless given, fewer where the set is smaller. */
  readonly batch?: number
  /** Steps in one program of a named attack, as for `attack.prepare`. */
  readonly chunk?: number
  /** Called after every batch. */
  readonly observe?: (event: EvaluateEvent) => IO<void>
} & (
  | {
      /** One attack, in a program of its own that computes its inputs and nothing else. */
      readonly attack: Attack
      readonly attacks?: undefined
    }
  | {
      /** Several, one after the other; attack j has the key `fold(j)(key)`, as in `attack.worst`. */
      readonly attacks: readonly NamedAttack[]
      readonly attack?: undefined
    }
)

/** What one of several attacks did. */
export interface AttackReport {
  readonly name: string
  readonly kind: AttackKind
  /** How many examples it was tried on: those that no attack before it has broken. */
  readonly attacked: number
  /** How many of them it broke. */
  readonly broken: number
  /** The fraction of the set that stands after it. */
  readonly robust: number
  /** Attacked examples with a gradient that was zero everywhere, and with one that was not finite, at some step. */
  readonly zeroGradients: number
  readonly nonFiniteGradients: number
}

/** How the examples of one class do. */
export interface ClassReport {
  readonly label: number
  readonly count: number
  readonly clean: number
  readonly robust: number
}

/** How a model does on a set. Numbers and words only, so `JSON.stringify` makes a report of it. */
export interface Robustness {
  readonly count: number
  /** The fraction classified correctly. */
  readonly clean: number
  /** The fraction classified correctly both as it is and under every attack. */
  readonly robust: number
  /** 1 where the example is classified correctly as it is. */
  readonly cleanEach: readonly number[]
  /** 1 where the example also withstands every attack. */
  readonly robustEach: readonly number[]
  /** The named attacks, in turn; none for a bare one. */
  readonly attacks: readonly AttackReport[]
  /** The classes that the set has. */
  readonly classes: readonly ClassReport[]
  /** What the attacks, beside one another, say against the evaluation. */
  readonly flags: readonly Flag[]
  readonly executed: Executed | undefined
}
