import type { Concrete } from '../graph/spec.js'
import type { Attack, Model } from '../nn/model.js'
import { dlr } from '../nn/loss.js'
import { apgd, apgdT } from './apgd.js'
import type { Box, Norm } from './ball.js'
import { pgd } from './pgd.js'
import { type ImageShape, square, type SquareOptions } from './square.js'
import { constants } from './iteration.js'
import type { NamedAttack } from './robustness.js'

/**
 * Attacks another model, and gives what it found to the one that is evaluated: `transfer(model, params)(attack)`. It needs
 * nothing of the evaluated model, so where it succeeds more often than gradients do, they were misled.
 */
export const transfer =
  <Q>(other: Model<Q>, params: Concrete<Q>) =>
  (attack: Attack): Attack =>
  () =>
  (_params, batch, key) =>
    attack(other)(constants<Q>('attack.transfer', params), batch, key)

/** Square as a named attack, in the norms that it knows. */
export const squareIn = (norm: Norm, options: SquareOptions): readonly NamedAttack[] =>
  norm === 'l1' ? [] : [{ name: 'Square', kind: 'black box', attack: square({ ...options, norm }) }]

/** The options of the standard attacks. */
export interface StandardOptions {
  readonly epsilon: number
  /** There is no Square for `l1`. @defaultValue `'linf'` */
  readonly norm?: Norm
  readonly box?: Box
  /** The number of classes. The targeted attack needs four, DLR three. @defaultValue 10 */
  readonly classes?: number
  /** The layout of a sample, for Square, where its shape does not say it. */
  readonly image?: ImageShape
  /** Steps of PGD, from five starts, of each APGD and of Square. @defaultValue 40, 100 and 5000 */
  readonly steps?: { readonly pgd?: number; readonly apgd?: number; readonly square?: number }
}

/**
 * The attacks of a careful evaluation, in the order of their price: PGD from several starts, then those of AutoAttack (Croce
 * and Hein, arXiv:2003.01690): APGD with cross-entropy, APGD-T with the targeted DLR loss (plain DLR for three classes), and
 * Square. FAB is left out.
 */
export const standard = ({
  classes = 10,
  image,
  steps = {},
  ...ball
}: StandardOptions): readonly NamedAttack[] => {
  const { norm = 'linf', epsilon } = ball
  const { pgd: pgdSteps = 40, apgd: apgdSteps = 100, square: squareSteps = 5000 } = steps
  const strong = { steps: pgdSteps, stepSize: epsilon / 4, restarts: 5, keep: 'best', freeze: true } as const
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
