import { isNdArray } from '../../core/ndarray.js'
import { leaves, rebuild } from '../../core/tree.js'
import { constant } from '../../graph/constant.js'
import type { Concrete } from '../../graph/spec.js'
import type { Attack, Model } from '../../nn/model.js'
import { dlr } from '../../nn/loss.js'
import { apgd } from '../apgd.js'
import { apgdT } from '../apgd-t.js'
import type { Box, Norm } from '../ball.js'
import { pgd } from '../pgd.js'
import { type ImageShape, square } from '../square.js'
import type { NamedAttack } from './options.js'

/**
 * Attacks another model, and hands what it found to the one that is evaluated: `transfer(model, params)(attack)`. It needs
 * nothing of the evaluated model, so where it breaks more than gradients do, they were misled.
 */
export const transfer =
  <Q>(other: Model<Q>, params: Concrete<Q>) =>
  (attack: Attack): Attack =>
  () =>
  (_params, batch, key) =>
    attack(other)(
      rebuild<unknown, Q>(
        'attack.transfer',
        isNdArray,
        params,
        leaves('attack.transfer', isNdArray, params).map(({ value }) => constant(value))
      ),
      batch,
      key
    )

/** What the standard attacks are told. */
export interface StandardOptions {
  readonly epsilon: number
  /** `linf` unless given; there is no Square for `l1`. */
  readonly norm?: Norm
  readonly box?: Box
  /** How many classes there are; 10 unless given. The targeted attack needs four, DLR three. */
  readonly classes?: number
  /** How a sample is laid out, for Square, where its shape does not say it. */
  readonly image?: ImageShape
  /** Steps of PGD (40 unless given, from five starts), of each APGD (100) and of Square (5000). */
  readonly steps?: { readonly pgd?: number; readonly apgd?: number; readonly square?: number }
}

/**
 * The attacks of a careful evaluation, in the order of their price: PGD from several starts, then what AutoAttack (Croce and
 * Hein, arXiv:2003.01690) has of them: APGD with cross-entropy, APGD-T with the targeted DLR loss (plain DLR for three
 * classes), and Square. FAB is left out.
 */
export const standard = ({
  classes = 10,
  image,
  steps: { pgd: pgdSteps = 40, apgd: apgdSteps = 100, square: squareSteps = 5000 } = {},
  ...ball
}: StandardOptions): readonly NamedAttack[] => {
  const { norm = 'linf', epsilon, box } = ball
  return [
    {
      name: `PGD-${pgdSteps}`,
      attack: pgd({
        ...ball,
        steps: pgdSteps,
        stepSize: epsilon / 4,
        restarts: 5,
        keep: 'best',
        freeze: true
      })
    },
    { name: 'APGD-CE', attack: apgd({ ...ball, steps: apgdSteps }) },
    ...(classes >= 4
      ? [
          {
            name: 'APGD-T',
            attack: apgdT({ ...ball, steps: apgdSteps, targets: Math.min(9, classes - 1) })
          }
        ]
      : []),
    ...(classes === 3 ? [{ name: 'APGD-DLR', attack: apgd({ ...ball, steps: apgdSteps, loss: dlr }) }] : []),
    ...(norm !== 'l1'
      ? [
          {
            name: 'Square',
            kind: 'black box',
            attack: square({
              norm,
              epsilon,
              steps: squareSteps,
              ...(box === undefined ? {} : { box }),
              ...(image === undefined ? {} : { image })
            })
          } as const
        ]
      : [])
  ]
}
