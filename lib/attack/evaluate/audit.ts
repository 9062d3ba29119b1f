import { pipe } from 'fp-ts/lib/function.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { TangentError } from '../../core/error.js'
import type { HostKey } from '../../core/key.js'
import { sizeOf } from '../../core/shape.js'
import { fold } from '../../graph/key.js'
import type { Runner } from '../../graph/runner.js'
import type { Concrete } from '../../graph/spec.js'
import type { Dataset, Model } from '../../nn/model.js'
import type { BallOptions, Norm } from '../ball.js'
import { fgsm, noise, pgd } from '../pgd.js'
import { type ImageShape, square } from '../square.js'
import { overSteps } from './curves.js'
import { evaluate } from './evaluate.js'
import { type Flag, flagOf, percent } from './flags.js'
import type { NamedAttack } from './options.js'

/** How a model is looked over. */
export interface AuditOptions {
  readonly epsilon: number
  /** `linf` unless given; Square is not tried in `l1`. */
  readonly norm?: Norm
  readonly box?: BallOptions['box']
  /** Steps of the PGD that is held against the others, 40 unless given; of ε/10 each unless given. */
  readonly steps?: number
  readonly stepSize?: number
  /** Steps of Square; 500 unless given. */
  readonly queries?: number
  /** How a sample is laid out, for Square, where its shape does not say it. */
  readonly image?: ImageShape
  /** Attacks made on other models, see `attack.transfer`. */
  readonly transfers?: readonly NamedAttack[]
  readonly batch?: number
}

/** What an audit saw. */
export interface Audit {
  readonly flags: readonly Flag[]
  /** Robust accuracy under PGD by the number of steps, up to twice as many as were asked for. */
  readonly overSteps: readonly number[]
  /** Robust accuracy under PGD where the ball holds the whole box. */
  readonly unbounded: number
  /** Robust accuracy under one attack alone. */
  readonly alone: Readonly<Record<string, number>>
}

/** A radius at which the ball around any point holds the whole box. */
const unboundedRadius = (norm: Norm, [low, high]: readonly [number, number], size: number): number =>
  (high - low) * { linf: 1, l2: Math.sqrt(size), l1: size }[norm]

/** The examples that stood under one attack and not under another, as a fraction of all. */
const missedBy = (strong: readonly number[], weak: readonly number[]): number =>
  strong.filter((stands, i) => stands !== 0 && weak[i] === 0).length / strong.length

/**
 * Looks for signs that a robust accuracy under gradient attacks is too high (Athalye, Carlini, Wagner, arXiv:1802.00420,
 * 3.1; Carlini et al., arXiv:1902.06705): holds PGD with cross-entropy against attacks that ought to be weaker (one step,
 * noise, Square, other models'), against itself with twice the steps, and against a ball that holds the whole box, and looks
 * at its gradients. No flag is no proof. A few hundred examples are enough.
 */
export const audit =
  <P>(model: Model<P>, options: AuditOptions) =>
  (params: Concrete<P>, data: Dataset, key: HostKey): ReaderTaskEither<Runner, TangentError, Audit> =>
  (runner) => {
    const { epsilon, norm = 'linf', box = [0, 1], steps = 40, queries = 500, image, batch = 256 } = options
    const ball = { epsilon, norm, box }
    const sized = { steps, stepSize: options.stepSize ?? epsilon / 10, keep: 'best' } as const
    const own = pgd({ ...ball, ...sized })
    const everywhere = unboundedRadius(norm, box, sizeOf(data.x.shape.slice(1)))

    const others: readonly NamedAttack[] = [
      { name: 'FGSM', attack: fgsm(ball) },
      { name: 'noise', kind: 'noise', attack: noise({ ...ball, samples: 10 }) },
      ...(norm !== 'l1'
        ? [
            {
              name: 'Square',
              kind: 'black box',
              attack: square({
                norm,
                epsilon,
                box,
                steps: queries,
                ...(image === undefined ? {} : { image })
              })
            } as const
          ]
        : []),
      ...(options.transfers ?? []).map((one) => ({ ...one, kind: 'transfer' as const }))
    ]
    // each on its own, with the key of its place: what one breaks another may break too
    const alone = (named: NamedAttack, place: number) =>
      pipe(
        evaluate(model, { attacks: [named], batch })(params, data, fold(place)(key))(runner),
        TE.map((robustness) => ({ named, robustness }))
      )

    return pipe(
      TE.Do,
      TE.bind('white', () => alone({ name: `PGD-${steps}`, attack: own }, 0)),
      TE.bind('weaker', () =>
        pipe(
          others,
          TE.traverseSeqArray((named) => alone(named, 1))
        )
      ),
      TE.bind('far', () =>
        alone(
          {
            name: 'unbounded PGD',
            attack: pgd({
              ...ball,
              epsilon: everywhere,
              steps,
              relativeStep: 2.5,
              keep: 'best',
              freeze: true
            })
          },
          2
        )
      ),
      TE.bind('curve', () =>
        // the key that PGD has in its evaluation, so that the first steps are the same
        overSteps(model, { attack: pgd({ ...ball, ...sized, steps: 2 * steps }), batch })(
          params,
          data,
          fold(0)(fold(0)(key))
        )(runner)
      ),
      TE.map(({ white, weaker, far, curve }): Audit => {
        const strong = white.robustness
        const beaten = weaker.flatMap(({ named: { name, kind = 'white box' }, robustness }) => {
          const missed = missedBy(strong.robustEach, robustness.robustEach)
          const flag = {
            'white box': 'one step beats many',
            'black box': 'black box beats white box',
            transfer: 'transfer beats white box',
            noise: 'noise beats gradients'
          } as const
          return flagOf(
            flag[kind],
            missed,
            `${name} breaks ${percent(missed)} of the examples where PGD-${steps} breaks none of them`
          )
        })
        const [once, twice] = [curve.robust[steps]!, curve.robust.at(-1)!]
        const unbounded = far.robustness.robust
        return {
          flags: [
            ...beaten,
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
              `with ε = ${everywhere}, which lets any image become any other, ${percent(unbounded)} still stand`
            ),
            ...flagOf(
              'zero gradients',
              curve.zeroGradients,
              `${percent(curve.zeroGradients)} of the examples meet a gradient of zero`
            ),
            ...flagOf(
              'gradients not finite',
              curve.nonFiniteGradients,
              `${percent(curve.nonFiniteGradients)} of the examples meet a gradient that is not finite`
            )
          ],
          overSteps: curve.robust,
          unbounded,
          alone: Object.fromEntries(
            [white, ...weaker].map(({ named, robustness }) => [named.name, robustness.robust])
          )
        }
      })
    )
  }
