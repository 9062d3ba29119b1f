import { plain, plainRecord } from '../core/plain.js'
import { checkOptions, option, type OptionKinds } from '../core/options.js'
import { pipe } from 'fp-ts/lib/function.js'
import { requireFinite, requireFraction } from '../core/check.js'
import { isNdArray, type NdArray, scalar, zeros } from '../core/ndarray.js'
import { leaves, rebuild } from '../core/tree.js'
import { ops } from '../graph/ops/index.js'
import type { Concrete } from '../graph/spec.js'
import type { Tensor } from '../graph/tensor.js'
import * as tree from '../graph/tree.js'
import { rootOrZero } from './global-norm.js'

/** The memory of an optimiser: trees like the parameters, and the number of steps taken. */
export type OptimiserState<P> = {
  /** Averages of the gradients, each of the shape of the parameters. */
  readonly slots: readonly P[]
  /** Steps taken, a scalar. */
  readonly count: Tensor
}

/** Parameters, and the optimiser's memory of them. */
export type TrainState<P> = {
  /** The parameters. */
  readonly params: P
  /** What the optimiser remembers. */
  readonly state: OptimiserState<P>
}

/** A pure step of descent; the learning rate is a scalar tensor, so a schedule costs no new program. */
export interface Optimiser {
  /** How many trees like the parameters the state holds. */
  readonly slots: number
  /** The parameters and the state after one step along a gradient at a learning rate. */
  readonly step: (rate: Tensor) => <P>(gradient: P) => (from: TrainState<P>) => TrainState<P>
}

/** The state before the first step: zeros. */
export const initialState = plain(
  'train.initialState',
  (optimiser: Optimiser) =>
    <P>(params: Concrete<P>): Concrete<OptimiserState<P>> => {
      const like = leaves('optimiser', isNdArray, params).map(({ value }) => zeros(value.shape))
      const slot = rebuild<NdArray, Concrete<P>>('optimiser', isNdArray, params, like)
      const state = { slots: Array.from({ length: optimiser.slots }, () => slot), count: scalar(0) }
      return state as Concrete<OptimiserState<P>>
    }
)

const descend =
  (rate: Tensor) =>
  <P>(direction: P) =>
  (params: P): P =>
    pipe(
      params,
      tree.zipWith(direction, (p, d) => ops.sub(ops.scale(rate)(d))(p))
    )

/** θ ← θ − rate · g. */
export const sgd = plainRecord<Optimiser>('train.sgd', {
  slots: 0,
  step:
    (rate) =>
    (gradient) =>
    ({ params, state }) => ({
      params: descend(rate)(gradient)(params),
      state: { slots: [], count: ops.add(1)(state.count) }
    })
})

/** A memory factor in [0, 1). */
const decay = (operation: string, value: number): number =>
  requireFraction(operation, undefined, value, '[0, 1)')

/** Heavy ball, as PyTorch has it: v ← μ v + g, θ ← θ − rate · v. */
export const momentum = plain('train.momentum', (mu: number): Optimiser => {
  decay('train.momentum', mu)
  return {
    slots: 1,
    step:
      (rate) =>
      <P>(gradient: P) =>
      ({ params, state }: TrainState<P>): TrainState<P> => {
        const velocity = pipe(
          state.slots[0]!,
          tree.zipWith(gradient, (v, g) => ops.add(g)(ops.scale(mu)(v)))
        )
        return {
          params: descend(rate)(velocity)(params),
          state: { slots: [velocity], count: ops.add(1)(state.count) }
        }
      }
  }
})

/** The constants of Adam. */
export interface AdamOptions {
  /** The decay of the mean of gradients. @defaultValue 0.9 */
  readonly beta1?: number
  /** The decay of the mean of their squares. @defaultValue 0.999 */
  readonly beta2?: number
  /** What is added to the root in the denominator. @defaultValue 1e-8 */
  readonly epsilon?: number
}

/** The kinds of {@link AdamOptions}. */
export const adamKinds: OptionKinds<AdamOptions> = {
  beta1: option.number,
  beta2: option.number,
  epsilon: option.number
}

/** Adam with bias correction (Kingma and Ba, arXiv:1412.6980). @defaultValue β .9 and .999, ε 1e-8 */
export const adam = plain('train.adam', (options: AdamOptions = {}): Optimiser => {
  checkOptions('train.adam', adamKinds, options)
  const beta1 = decay('train.adam', options.beta1 ?? 0.9)
  const beta2 = decay('train.adam', options.beta2 ?? 0.999)
  const epsilon = requireFinite('train.adam', 'epsilon', options.epsilon ?? 1e-8, 0)
  const blend = (beta: number, f: (g: Tensor) => Tensor) => (old: Tensor, g: Tensor) =>
    ops.add(ops.scale(1 - beta)(f(g)))(ops.scale(beta)(old))
  /** 1 − βᵗ, to the last digits for a β near 1 too. */
  const correction = (beta: number, t: Tensor): Tensor =>
    pipe(t, ops.scale(Math.log(beta)), ops.expm1, ops.neg)
  return {
    slots: 2,
    step:
      (rate) =>
      <P>(gradient: P) =>
      ({ params, state }: TrainState<P>): TrainState<P> => {
        const count = ops.add(1)(state.count)
        const first = pipe(
          state.slots[0]!,
          tree.zipWith(
            gradient,
            blend(beta1, (g) => g)
          )
        )
        const second = pipe(state.slots[1]!, tree.zipWith(gradient, blend(beta2, ops.square)))
        const [c1, c2] = [correction(beta1, count), correction(beta2, count)]
        const direction = pipe(
          first,
          tree.zipWith(second, (m, v) => {
            const size = pipe(v, ops.div(c2), rootOrZero, ops.add(epsilon))
            return pipe(m, ops.div(c1), ops.div(size))
          })
        )
        return { params: descend(rate)(direction)(params), state: { slots: [first, second], count } }
      }
  }
})
