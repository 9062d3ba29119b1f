import { plain } from '../core/plain.js'
import * as fc from 'fast-check'
import { checkOptions, option, type OptionKinds, optionsOf } from '../core/options.js'

/**
 * The outcome of one case of a law: the error between both sides and its bound, or that the case is inconclusive (at a
 * kink, or lost to rounding) and has to be drawn again.
 */
export type Outcome =
  | {
      /** The case was measured. */
      readonly kind: 'measured'
      /** The difference of both sides. */
      readonly error: number
      /** The largest difference that is allowed. */
      readonly bound: number
      /** The case in words, for the message of a broken law. */
      readonly what: string
    }
  | {
      /** The case is drawn again. */
      readonly kind: 'redraw'
      /** Why, in words. */
      readonly reason: string
    }

/** A case that is drawn again. */
export const redraw = (reason: string): Outcome => ({ kind: 'redraw', reason })

/** The largest bound, relative to the numbers that it bounds, with which a comparison is meaningful. */
const MEANINGFUL = 1e-3

/** An error and its bound; one that is not small relative to the numbers of size `scale` is drawn again. */
export const measured = (what: string, error: number, bound: number, scale = 0): Outcome =>
  bound > MEANINGFUL * scale && scale > 0
    ? redraw('lost to rounding')
    : { kind: 'measured', error, bound, what }

const ratio = (outcome: Outcome): number =>
  outcome.kind === 'redraw' ? Infinity : outcome.error === 0 ? 0 : outcome.error / outcome.bound

/** The worst outcome: a broken law if there is one, else a redraw, else the largest error relative to its bound. */
export const worstOf = (outcomes: readonly Outcome[]): Outcome =>
  outcomes.find((outcome) => outcome.kind === 'measured' && !(outcome.error <= outcome.bound)) ??
  outcomes.reduce((a, b) => (ratio(b) > ratio(a) ? b : a))

/** A law that held: the number of cases, how many were drawn again, and the largest error relative to its bound. */
export interface LawReport {
  /** The name of the law. */
  readonly law: string
  /** How many cases were measured. */
  readonly runs: number
  /** How many cases were drawn again. */
  readonly redrawn: number
  /** The largest error relative to its bound. */
  readonly worst: number
}

/** How many cases a law is measured on, and from which seed. */
export interface LawOptions {
  /**
   * The number of cases to measure.
   *
   * @defaultValue fast-check's global setting
   */
  readonly runs?: number
  /**
   * The seed of the draws.
   *
   * @defaultValue fast-check's global setting
   */
  readonly seed?: number
}

/** The kinds of {@link LawOptions}. */
export const lawKinds: OptionKinds<LawOptions> = { runs: option.count, seed: option.finite }

/** What {@link law} takes of the options of a law that has more, once they are checked. */
export const lawOptionsOf = <O extends LawOptions>(
  operation: string,
  kinds: OptionKinds<O>,
  options: O
): LawOptions => optionsOf<LawOptions>(lawKinds, checkOptions(operation, kinds, options))

const parameters = <T>(operation: string, options: LawOptions): fc.Parameters<T> => {
  const { runs, seed } = checkOptions(operation, lawKinds, options)
  return {
    includeErrorInReport: true,
    ...(runs === undefined ? {} : { numRuns: runs }),
    ...(seed === undefined ? {} : { seed })
  }
}

const tally = (name: string) => {
  let [runs, redrawn, worst] = [0, 0, 0]
  return {
    take: (outcome: Outcome): void => {
      if (outcome.kind === 'redraw') {
        redrawn++
        fc.pre(false)
        return
      }
      const { error, bound, what } = outcome
      // written so that a NaN breaks the law
      if (!(error <= bound)) throw new Error(`${name}: ${what} is off by ${error}, allowed is ${bound}`)
      runs++
      worst = Math.max(worst, bound === 0 ? 0 : error / bound)
    },
    report: (): LawReport => ({ law: name, runs, redrawn, worst })
  }
}

/**
 * Measures a law on random cases. Throws fast-check's error, with the seed and the smallest counterexample, when a
 * case breaks it or when too many cases have to be drawn again.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, ndarray, ops, type Tensor } from 'tangentflow'
 * import { arrays, law, measured } from 'tangentflow/laws'
 *
 * const report = law('a softmax sums to 1', arrays([5]), (x) => {
 *   const sum = evaluateOn((logits: Tensor) => ops.sum()(ops.softmax()(logits)))(x)
 *   return measured('the sum', Math.abs(ndarray.toNumber(sum) - 1), 1e-12)
 * })
 * assert.equal(report.law, 'a softmax sums to 1')
 */
export const law = plain(
  'laws.law',
  <T>(
    name: string,
    cases: fc.Arbitrary<T>,
    measure: (drawn: T) => Outcome,
    options: LawOptions = {}
  ): LawReport => {
    const { take, report } = tally(name)
    fc.assert(
      fc.property(cases, (drawn) => take(measure(drawn))),
      parameters<[T]>('law', options)
    )
    return report()
  }
)

/** As {@link law}, for measurements that run on an engine. */
export const lawAsync = plain(
  'laws.lawAsync',
  async <T>(
    name: string,
    cases: fc.Arbitrary<T>,
    measure: (drawn: T) => Promise<Outcome>,
    options: LawOptions = {}
  ): Promise<LawReport> => {
    const { take, report } = tally(name)
    await fc.assert(
      fc.asyncProperty(cases, async (drawn) => take(await measure(drawn))),
      parameters<[T]>('lawAsync', options)
    )
    return report()
  }
)

/** One line for a person: `adjoint: 500 cases, 3 redrawn, worst error 0.2 of its bound`. */
export const showReport = plain(
  'laws.showReport',
  ({ law: name, runs, redrawn, worst }: LawReport): string =>
    `${name}: ${runs} cases, ${redrawn} redrawn, worst error ${worst.toPrecision(2)} of its bound`
)
