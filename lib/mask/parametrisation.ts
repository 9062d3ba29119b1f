import { plain } from '../core/plain.js'
import { pipe } from 'fp-ts/lib/function.js'
import { MOST_UNROLLED, requirePositive, requireWhole } from '../core/check.js'
import { checkOptions, option, type OptionKinds } from '../core/options.js'
import { fail } from '../core/error.js'
import { fold, type Key, random } from '../graph/key.js'
import { ops } from '../graph/ops/index.js'
import { isTensor, type Tensor } from '../graph/tensor.js'
import * as tree from '../graph/tree.js'
import { allocate } from './allocation.js'
import { mapMasked, weightShapes } from './masked-leaves.js'
import { keepBest, overRows, type Sparsity, topK } from './top-k.js'

/** How scores become a mask: through a derivative while they are learnt, and exactly in the end. */
export interface Parametrisation {
  /** The mask while learning, at progress t from 0 to 1 (a scalar); its derivative teaches the scores. */
  readonly soft: <W>(scores: W, progress: Tensor, key: Key) => W
  /** The mask in the end: 0 or 1, of the best scores, as many as asked for. */
  readonly hard: <W>(scores: W) => W
}

const hard = (sparsity: Sparsity): Parametrisation['hard'] => keepBest('mask', sparsity)

/** The hard mask with the identity as its derivative (Bengio, Léonard, Courville, arXiv:1308.3432). */
export const straightThrough = plain(
  'mask.parametrisation.straightThrough',
  (sparsity: Sparsity): Parametrisation => ({
    soft: hard(sparsity),
    hard: hard(sparsity)
  })
)

/** How a density falls while a mask is learnt. */
export interface GradualOptions {
  /** In how many equal parts of that time it falls. @defaultValue 10 */
  readonly levels?: number
  /** The share of the learning, in (0, 1], after which it has fallen. @defaultValue .5 */
  readonly until?: number
}

const gradualKinds: OptionKinds<GradualOptions> = { levels: option.number, until: option.number }

/**
 * {@link straightThrough} for ever fewer weights: the density d falls from 1 by the cube, d + (1 − d)(1 − t)³ (Zhu, Gupta,
 * arXiv:1710.01878, eq. 1), in levels, each with a hard mask. So what is matched is matched all along the way.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, key, type Key, mask, ndarray, type nn, type Tensor } from 'tangentflow'
 *
 * const soft = mask.parametrisation.gradual({ density: 0.25 }, { levels: 2, until: 1 }).soft
 * const at = (t: number) =>
 *   evaluateOn((s: nn.Weights, p: Tensor, k: Key) => soft(s, p, k))(
 *     [{ w: ndarray.fromNested([[3, 1, 4, 2, 0, 9, 8, 7]]) }],
 *     ndarray.scalar(t),
 *     key(0)
 *   )
 * assert.deepEqual([0, 0.49, 0.5, 0.99, 1].map((t) => mask.density(at(t))), [1, 1, 0.375, 0.375, 0.25])
 */
export const gradual = plain(
  'mask.parametrisation.gradual',
  (sparsity: Sparsity, options: GradualOptions = {}): Parametrisation => {
    const operation = 'mask.parametrisation.gradual'
    const { levels = 10, until = 0.5 } = checkOptions(operation, gradualKinds, options)
    requireWhole(operation, 'levels', levels, 1, MOST_UNROLLED)
    if (!(until > 0 && until <= 1)) fail('ArgumentError', operation, 'a share in (0, 1]', `${until}`, 'until')
    const { density } = sparsity
    const densityAt = (level: number): number => density + (1 - density) * (1 - level / levels) ** 3
    return {
      soft: (scores, progress) =>
        Array.from({ length: levels }, (_, i) => levels - 1 - i).reduce((later, level) => {
          const here = hard({ ...sparsity, density: densityAt(level) })(scores)
          const isHere = ops.less((until * (level + 1)) / levels)(progress)
          return tree.zipWith(here, (after: Tensor, m: Tensor) => ops.where(isHere)(m, after))(later)
        }, hard(sparsity)(scores)),
      hard: hard(sparsity)
    }
  }
)

/** A temperature that falls geometrically with progress. */
export interface Annealing {
  /** The temperature at the start. @defaultValue 1, for scores of mean 1 */
  readonly from?: number
  /** The temperature at the end. @defaultValue .01 */
  readonly to?: number
}

const annealingKinds: OptionKinds<Annealing> = { from: option.number, to: option.number }

const annealed = (operation: string, { from = 1, to = 0.01 }: Annealing): ((progress: Tensor) => Tensor) => {
  for (const [name, value] of Object.entries({ from, to })) requirePositive(operation, name, value)
  return (progress) => pipe(progress, ops.scale(Math.log(to / from)), ops.exp, ops.scale(from))
}

/** Far below any score. */
const LOWEST = -1e30

/** How far a row of scores is above the middle between the last that is kept and the first that is not. */
const aboveThreshold =
  (count: number) =>
  (row: Tensor): Tensor => {
    const fixed = ops.stopGradient(row)
    const kept = topK(count, { derivative: 'zero' })(fixed)
    const last = ops.neg(ops.reduceMax()(ops.where(kept)(ops.neg(fixed), LOWEST)))
    const next = ops.reduceMax()(ops.where(kept)(LOWEST, fixed))
    // where all are kept there is no next one: any threshold below is right
    const threshold = count === row.shape[0] ? ops.sub(1)(last) : ops.scale(0.5)(ops.add(next)(last))
    return ops.sub(threshold)(row)
  }

const margins =
  ({ density, layers = 'global' }: Sparsity) =>
  <W>(scores: W): W =>
    overRows('mask', allocate('mask', layers, density, weightShapes(scores)), aboveThreshold)(scores)

/**
 * σ((s − τ)/T), τ the threshold of the hard mask and T a temperature that falls as learning goes on (as in Savarese,
 * Silva, Maire, arXiv:1912.04427): it tends to the hard mask wherever scores differ.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, key, type Key, mask, ndarray, type nn, type Tensor } from 'tangentflow'
 *
 * const soft = mask.parametrisation.sigmoid({ density: 0.5 }, { from: 1, to: 0.01 }).soft
 * const at = (t: number) =>
 *   evaluateOn((s: nn.Weights, p: Tensor, k: Key) => soft(s, p, k))(
 *     [{ w: ndarray.fromNested([3, 1]) }],
 *     ndarray.scalar(t),
 *     key(0)
 *   )[0]?.w?.data
 * assert.ok(Math.abs((at(0)?.[0] ?? 0) - 1 / (1 + Math.exp(-1))) < 1e-9)
 * assert.deepEqual(Array.from(at(1) ?? []).map(Math.round), [1, 0])
 */
export const sigmoid = plain(
  'mask.parametrisation.sigmoid',
  (sparsity: Sparsity, annealing: Annealing = {}): Parametrisation => {
    const operation = 'mask.parametrisation.sigmoid'
    const temperature = annealed(operation, checkOptions(operation, annealingKinds, annealing))
    return {
      soft: (scores, progress) =>
        tree.map((m) => ops.sigmoid(ops.div(temperature(progress))(m)))(margins(sparsity)(scores)),
      hard: hard(sparsity)
    }
  }
)

/** The constants of the hard-concrete distribution. @defaultValue β = 2/3, γ = −.1, ζ = 1.1 */
export interface HardConcreteOptions extends Annealing {
  /** The temperature β. @defaultValue 2/3 */
  readonly beta?: number
  /** The lower end γ of the stretched interval, below 0. @defaultValue −0.1 */
  readonly gamma?: number
  /** The upper end ζ of the stretched interval, above 1. @defaultValue 1.1 */
  readonly zeta?: number
}

const hardConcreteKinds: OptionKinds<HardConcreteOptions> = {
  ...annealingKinds,
  beta: option.number,
  gamma: option.number,
  zeta: option.number
}

const stretchOf = ({ beta = 2 / 3, gamma = -0.1, zeta = 1.1 }: HardConcreteOptions) =>
  beta > 0 && gamma < 0 && zeta > 1
    ? { beta, gamma, zeta }
    : fail(
        'ArgumentError',
        'mask.parametrisation.hardConcrete',
        'β > 0, γ < 0 and ζ > 1',
        `${beta}, ${gamma} and ${zeta}`
      )

/**
 * Random masks with a mass at 0 and at 1, clip(σ((log u − log(1 − u) + log α)/β)(ζ − γ) + γ, 0, 1) with u uniform
 * (hard concrete: Louizos, Welling, Kingma, arXiv:1712.01312, eq. 10–11). Here log α = (s − τ)/T, so that as many are on as
 * off in expectation around the threshold τ of the hard mask, and the mask tends to it as T falls.
 */
export const hardConcrete = plain(
  'mask.parametrisation.hardConcrete',
  (sparsity: Sparsity, options: HardConcreteOptions = {}): Parametrisation => {
    const operation = 'mask.parametrisation.hardConcrete'
    const temperature = annealed(operation, checkOptions(operation, hardConcreteKinds, options))
    const { beta, gamma, zeta } = stretchOf(options)
    const sample = (logAlpha: Tensor, key: Key): Tensor => {
      // away from 0, where the logarithm has no end
      const u = ops.add(2 ** -25)(random.uniform(logAlpha.shape)(key))
      const logistic = ops.sub(ops.log(ops.sub(u)(ops.ones(u.shape))))(ops.log(u))
      const gate = ops.sigmoid(ops.scale(1 / beta)(ops.add(logAlpha)(logistic)))
      return ops.clip(0, 1)(ops.add(gamma)(ops.scale(zeta - gamma)(gate)))
    }
    return {
      soft: (scores, progress, key) =>
        mapMasked(isTensor, ({ value, stream }) =>
          sample(ops.div(temperature(progress))(value), fold(stream)(key))
        )(margins(sparsity)(scores)),
      hard: hard(sparsity)
    }
  }
)

/**
 * The share of weights that are not exactly 0 in expectation, σ(log α − β log(−γ/ζ)) on average (Louizos et al., eq. 12),
 * of a {@link hardConcrete} mask at progress t: a scalar to keep near a density, or to report.
 */
export const expectedDensity = plain(
  'mask.parametrisation.expectedDensity',
  (sparsity: Sparsity, options: HardConcreteOptions = {}) =>
    (scores: unknown, progress: Tensor): Tensor => {
      const operation = 'mask.parametrisation.expectedDensity'
      const temperature = annealed(operation, checkOptions(operation, hardConcreteKinds, options))
      const { beta, gamma, zeta } = stretchOf(options)
      const shares = tree.tensors(margins(sparsity)(scores)).map((m) => {
        const logAlpha = ops.div(temperature(progress))(m)
        return ops.reshape([-1])(ops.sigmoid(ops.sub(beta * Math.log(-gamma / zeta))(logAlpha)))
      })
      return ops.mean()(ops.concat(0)(shares))
    }
)
