import { grad } from '../diff/index.js'
import { fold, type Key, split } from '../graph/key.js'
import { ops } from '../graph/ops/index.js'
import type { Tensor } from '../graph/tensor.js'
import * as tree from '../graph/tree.js'
import type { Batch } from '../nn/model.js'
import type { Network, Params, Weights } from '../nn/layer.js'
import { adam, type TrainState } from '../nn/optimiser.js'
import { apply } from './apply.js'
import type { LearnOptions, LossTerms } from './learn-options.js'

/** What goes from step to step; weights only where they move. */
export type LearnState = { readonly scores: TrainState<Weights>; readonly weights?: TrainState<Params> }

/** The keys of a step's attack and of its objective, from the step's own. */
export type KeysOf = (key: Key) => readonly [attack: Key, objective: Key]

/** A leaf brought back into its trust region. */
const within =
  (radius: number) =>
  (at: Tensor, start: Tensor): Tensor => {
    const moved = ops.sub(start)(at)
    const norm = (x: Tensor): Tensor => ops.sqrt(ops.dot(x)(x))
    // a leaf of zeros has no size of its own and stays
    const room = ops.scale(radius)(norm(start))
    const shrink = ops.min(1)(ops.div(ops.max(1e-30)(norm(moved)))(room))
    return ops.add(ops.mul(shrink)(moved))(start)
  }

/** One step as a traced function: the terms, the hard mask, and what is new in the state after it. */
export const learnStep = (
  network: Network,
  { objective, parametrisation, attack, ...options }: LearnOptions,
  keysOf: KeysOf = split(2)
) => {
  const { attackTarget = 'dense', optimiser = adam(), weights = 'frozen', rescoring } = options

  /** The weights after a step down their gradient. */
  const moved = (from: TrainState<Params>, gradient: Params, rate: Tensor, dense: Params) => {
    const { rate: relative, radius } = weights === 'frozen' ? { rate: 0, radius: undefined } : weights
    const next = optimiser.step(ops.scale(relative)(rate))(gradient)(from)
    return radius === undefined ? next : { ...next, params: tree.zipWith(dense, within(radius))(next.params) }
  }

  return (
    from: LearnState,
    dense: Params,
    trajectory: readonly Params[],
    clean: Tensor,
    attacked: Required<Batch>,
    rate: Tensor,
    progress: Tensor,
    key: Key
  ) => {
    const [forAttack, forObjective] = keysOf(key)
    const scores = from.scores.params
    const start = from.weights?.params ?? dense
    const maskOf = (s: Weights): Weights => parametrisation.soft(s, progress, fold(0)(key))
    const target = attackTarget === 'dense' ? dense : tree.map(ops.stopGradient)(apply(maskOf(scores))(start))
    const { x } = attack(network.apply)(target, attacked, forAttack)
    const adversarial = { ...attacked, x }
    const terms = (s: Weights, params: Params): LossTerms =>
      objective({ mask: maskOf(s), params, dense, trajectory, clean, adversarial, key: forObjective })
    const next = (): Partial<LearnState> => {
      const learnt = (gradient: Weights) => optimiser.step(rate)(gradient)(from.scores)
      if (from.weights === undefined)
        return { scores: learnt(grad((s: Weights) => terms(s, start).loss)(scores)) }
      if (rescoring !== undefined) {
        const gradient = grad((params: Params) => terms(scores, params).loss)(start)
        return { weights: moved(from.weights, gradient, rate, dense) }
      }
      const [byScores, byWeights] = grad(([s, params]: readonly [Weights, Params]) => terms(s, params).loss)([
        scores,
        start
      ])
      return { scores: learnt(byScores), weights: moved(from.weights, byWeights, rate, dense) }
    }
    return { to: next(), terms: terms(scores, start), mask: parametrisation.hard(scores) }
  }
}
