import { plain } from '../core/plain.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import { entry } from '../core/entry.js'
import type { HostKey } from '../core/key.js'
import { checkOptions, option, type OptionKinds } from '../core/options.js'
import { sizeOf } from '../core/shape.js'
import { fold } from '../graph/key.js'
import type { Effect } from '../graph/runner.js'
import type { Concrete } from '../graph/spec.js'
import { dlr } from '../nn/loss.js'
import type { Attack, Box, Dataset, Model } from '../nn/model.js'
import { apgd, apgdT } from './apgd.js'
import { type Norm, norms } from './ball.js'
import { overSteps, type StepCurve } from './curves.js'
import { evaluate } from './evaluate.js'
import { constants } from './iteration.js'
import { fgsm, noise, pgd } from './pgd.js'
import type { ImageShape } from './proposals.js'
import {
  beats,
  type Flag,
  flagOf,
  gradientFlags,
  type NamedAttack,
  percent,
  type Robustness
} from './robustness.js'
import { square, type SquareOptions } from './square.js'
import { ofModel, onData } from '../nn/require.js'

/**
 * Attacks another model, and gives what it found to the one that is evaluated: `transfer(model, params)(attack)`. It needs
 * nothing of the evaluated model, so where it succeeds more often than gradients do, they were misled.
 */
export const transfer = plain(
  'attack.transfer',
  <Q>(other: Model<Q>, params: Concrete<Q>) =>
    (attack: Attack): Attack => {
      const transferred: Attack = () => (_params, batch, key) =>
        attack(other)(constants<Q>('attack.transfer', params), batch, key)
      return Object.assign(transferred, { box: attack.box })
    }
)

/** Square as a named attack, in the norms that it knows. */
const squareIn = (norm: Norm, options: SquareOptions): readonly NamedAttack[] =>
  norm === 'l1' ? [] : [{ name: 'Square', kind: 'black box', attack: square({ ...options, norm }) }]

/** The options of the standard attacks. */
export interface StandardOptions {
  /** The radius, in the units of the inputs. */
  readonly epsilon: number
  /** There is no Square for `l1`. @defaultValue `'linf'` */
  readonly norm?: Norm
  /** The least and the largest value of an input. @defaultValue `[0, 1]` */
  readonly box?: Box
  /** The number of classes. The targeted attack needs four, DLR three. @defaultValue 10 */
  readonly classes?: number
  /** The layout of a sample, for Square, where its shape does not say it. */
  readonly image?: ImageShape
  /** Steps of PGD, from five starts, of each APGD and of Square. @defaultValue 40, 100 and 5000 */
  readonly steps?: {
    /** Steps of PGD. @defaultValue 40 */
    readonly pgd?: number
    /** Steps of each APGD. @defaultValue 100 */
    readonly apgd?: number
    /** Steps of Square. @defaultValue 5000 */
    readonly square?: number
  }
}

/**
 * The attacks of a careful evaluation, in the order of their price: PGD from several starts, then those of AutoAttack (Croce
 * and Hein, arXiv:2003.01690): APGD with cross-entropy, APGD-T with the targeted DLR loss (plain DLR for three classes), and
 * Square. FAB is left out.
 */
export const standard = plain(
  'attack.standard',
  ({ classes = 10, image, steps = {}, ...ball }: StandardOptions): readonly NamedAttack[] => {
    const { norm = 'linf', epsilon } = ball
    const { pgd: pgdSteps = 40, apgd: apgdSteps = 100, square: squareSteps = 5000 } = steps
    const strong = {
      steps: pgdSteps,
      stepSize: epsilon / 4,
      restarts: 5,
      keep: 'best',
      freeze: true
    } as const
    const auto = { ...ball, steps: apgdSteps }
    return [
      { name: `PGD-${pgdSteps}`, attack: pgd({ ...ball, ...strong }) },
      { name: 'APGD-CE', attack: apgd(auto) },
      ...(classes >= 4
        ? [{ name: 'APGD-T', attack: apgdT({ ...auto, targets: Math.min(9, classes - 1) }) }]
        : []),
      ...(classes === 3 ? [{ name: 'APGD-DLR', attack: apgd({ ...auto, loss: dlr }) }] : []),
      ...squareIn(norm, { epsilon, box: ball.box, steps: squareSteps, image })
    ]
  }
)

/** The options of an audit. */
export interface AuditOptions {
  /** The radius, in the units of the inputs. */
  readonly epsilon: number
  /** Square is not tried in `l1`. @defaultValue `'linf'` */
  readonly norm?: Norm
  /** @defaultValue `[0, 1]` */
  readonly box?: Box
  /** Steps of the PGD that is compared with the others. @defaultValue 40 */
  readonly steps?: number
  /** @defaultValue ε/10 */
  readonly stepSize?: number
  /** Steps of Square. @defaultValue 500 */
  readonly queries?: number
  /** The layout of a sample, for Square, where its shape does not say it. */
  readonly image?: ImageShape
  /** Attacks made on other models, see `attack.transfer`. */
  readonly transfers?: readonly NamedAttack[]
  /** Examples a program call. @defaultValue 256 */
  readonly batch?: number
}

const kinds: OptionKinds<AuditOptions> = {
  epsilon: option.number,
  norm: option.word(...norms),
  box: option.any,
  steps: option.number,
  stepSize: option.number,
  queries: option.number,
  image: option.any,
  transfers: option.any,
  batch: option.number
}

/** The result of an audit. */
export interface Audit {
  /** The signs of overestimated robustness that were found. */
  readonly flags: readonly Flag[]
  /** Robust accuracy under PGD by the number of steps, up to twice as many as were asked for. */
  readonly overSteps: readonly number[]
  /** Robust accuracy under PGD where the ball holds the whole box. */
  readonly unbounded: number
  /** Robust accuracy under one attack alone. */
  readonly alone: Readonly<Record<string, number>>
}

/** A radius at which the ball around any point holds the whole box. */
const unboundedRadius = (norm: Norm, [low, high]: Box, size: number): number =>
  (high - low) * { linf: 1, l2: Math.sqrt(size), l1: size }[norm]

/** The examples that are robust under one attack and not under another, as a fraction of all. */
const missedBy = (strong: readonly number[], weak: readonly number[]): number =>
  strong.filter((isRobust, i) => isRobust !== 0 && weak[i] === 0).length / strong.length

/** An attack, and the evaluation of it alone. */
interface Alone {
  readonly named: NamedAttack
  readonly robustness: Robustness
}

/** What attacks that ought to be weaker show against the gradient attack. */
const beatenFlags = (white: Alone, weaker: readonly Alone[]): readonly Flag[] =>
  weaker.flatMap(({ named: { name, kind = 'white box' }, robustness }) => {
    const missed = missedBy(white.robustness.robustEach, robustness.robustEach)
    return flagOf(
      beats[kind],
      missed,
      `${name} breaks ${percent(missed)} of the examples where ${white.named.name} breaks none of them`
    )
  })

/** What the gradient attack shows against itself: over its steps, by its gradients, and in a ball that holds the box. */
const pgdFlags = (curve: StepCurve, steps: number, unbounded: number, radius: number): readonly Flag[] => {
  const [once, twice] = [curve.robust[steps]!, curve.robust.at(-1)!]
  return [
    ...flagOf(
      'steps do not help',
      curve.stuck,
      `no step of PGD-${2 * steps} brings ${percent(curve.stuck)} of the examples nearer to a mistake than its start`
    ),
    ...flagOf(
      'more steps still help',
      once - twice,
      `${steps} steps leave ${percent(once)} robust, ${2 * steps} steps ${percent(twice)}`
    ),
    ...flagOf(
      'unbounded attack fails',
      unbounded,
      `with ε = ${radius}, which lets any image become any other, ${percent(unbounded)} are still robust`
    ),
    ...gradientFlags(`PGD-${2 * steps}`, curve.zeroGradients, curve.nonFiniteGradients)
  ]
}

/**
 * Looks for signs that a robust accuracy under gradient attacks is too high (Athalye, Carlini, Wagner, arXiv:1802.00420,
 * 3.1; Carlini et al., arXiv:1902.06705): compares PGD with cross-entropy with attacks that ought to be weaker (one step,
 * noise, Square, other models'), with itself at twice the steps and in a ball that holds the whole box, and checks its
 * gradients. No flag is no proof. A few hundred examples are enough.
 */
export const audit = entry(
  'attack.audit',
  'Effect',
  2,
  <P>(model: Model<P>, options: AuditOptions) =>
    (params: Concrete<P>, data: Dataset, key: HostKey): Effect<Audit> => {
      checkOptions('attack.audit', kinds, options)
      const { epsilon, norm = 'linf', box = [0, 1], steps = 40, queries = 500, image, batch = 256 } = options
      const ball = { epsilon, norm, box }
      const sized = { stepSize: options.stepSize ?? epsilon / 10, keep: 'best' } as const
      const radius = unboundedRadius(norm, box, sizeOf(data.x.shape.slice(1)))
      const unbounded = { steps, relativeStep: 2.5, keep: 'best', freeze: true } as const

      const others: readonly NamedAttack[] = [
        { name: 'FGSM', attack: fgsm(ball) },
        { name: 'noise', kind: 'noise', attack: noise({ ...ball, samples: 10 }) },
        ...squareIn(norm, { epsilon, box, steps: queries, image }),
        ...(options.transfers ?? []).map((one) => ({ ...one, kind: 'transfer' as const }))
      ]
      // each on its own, with the key of its place: where one succeeds another may, too
      const alone = (named: NamedAttack, place: number): Effect<Alone> =>
        pipe(
          evaluate(model, { attacks: [named], batch })(params, data, fold(place)(key)),
          RTE.map((robustness) => ({ named, robustness }))
        )
      return pipe(
        RTE.Do,
        RTE.bind('white', () =>
          alone({ name: `PGD-${steps}`, attack: pgd({ ...ball, ...sized, steps }) }, 0)
        ),
        RTE.bind('weaker', () =>
          pipe(
            others,
            RTE.traverseSeqArray((named) => alone(named, 1))
          )
        ),
        RTE.bind('far', () =>
          alone({ name: 'unbounded PGD', attack: pgd({ ...ball, ...unbounded, epsilon: radius }) }, 2)
        ),
        RTE.bind('curve', () =>
          // the key that PGD has in its evaluation, so that the first steps are the same
          overSteps(model, { attack: pgd({ ...ball, ...sized, steps: 2 * steps }), batch })(
            params,
            data,
            fold(0)(fold(0)(key))
          )
        ),
        RTE.map(({ white, weaker, far, curve }) => ({
          flags: [...beatenFlags(white, weaker), ...pgdFlags(curve, steps, far.robustness.robust, radius)],
          overSteps: curve.robust,
          unbounded: far.robustness.robust,
          alone: Object.fromEntries(
            [white, ...weaker].map(({ named, robustness }) => [named.name, robustness.robust])
          )
        }))
      )
    },
  [ofModel, onData]
)
