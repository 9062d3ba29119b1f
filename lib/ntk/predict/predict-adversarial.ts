import { checkOptions, option, type OptionKinds } from '../../core/options.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { MOST_UNROLLED, requirePositive, requireWhole } from '../../core/check.js'
import { entry } from '../../core/entry.js'
import { fail } from '../../core/error.js'
import type { HostKey } from '../../core/key.js'
import { type NdArray, of } from '../../core/ndarray.js'
import { vjp } from '../../diff/index.js'
import { fold, type Key } from '../../graph/key.js'
import { type Effect, loop } from '../../graph/runner.js'
import { ops } from '../../graph/ops/index.js'
import type { Concrete } from '../../graph/spec.js'
import type { Tensor } from '../../graph/tensor.js'
import { attempt } from '../../graph/trace.js'
import * as tree from '../../graph/tree.js'
import type { Attack, Batch, Dataset, Model } from '../../nn/model.js'
import { requireInBox } from '../../nn/batch.js'
import { crossEntropy, type Loss } from '../../nn/loss.js'
import { empiricalNtk } from '../empirical/empirical-ntk.js'
import { finite, symmetricGramOf } from '../spectrum/gram.js'
import { dynamicsOf, linearised } from './dynamics.js'
import { odeKinds, type OdeOptions, toleranceOf } from './integrate.js'
import { dualFlow, type FlowOptions, gradientOf } from './predict-ode.js'
import { movedBy, predictionInputs, requireAscending } from './prediction.js'
import { ofModel, onData } from '../../nn/require.js'

/** Adversarial gradient flow of the linearised model. */
export interface AdversarialOptions extends OdeOptions, Pick<FlowOptions, 'times' | 'rate'> {
  /** The time from one run of the attack to the next; at most 10,000 runs. */
  readonly every: number
  /** @defaultValue `nn.crossEntropy` */
  readonly loss?: Loss
}

const kinds: OptionKinds<AdversarialOptions> = {
  ...odeKinds,
  times: option.record,
  rate: option.number,
  every: option.number,
  loss: option.function
}

/** Outputs along adversarial training, an array for each time. */
export interface AdversarialPrediction<P> {
  /** The times of the outputs. */
  readonly times: readonly number[]
  /** f_t(X), [n, o]. */
  readonly clean: readonly NdArray[]
  /** f_t(X̃), [n, o], on the attacked inputs of that time. */
  readonly attacked: readonly NdArray[]
  /** The runs of the attack: their times and their inputs X̃. */
  readonly attacks: readonly {
    /** When the attack ran. */
    readonly time: number
    /** The attacked inputs. */
    readonly x: NdArray
  }[]
  /** The parameters of the linearised model at the last time. */
  readonly params: Concrete<P>
}

const OPERATION = 'ntk.predictAdversarial'

/** Attacked inputs, the kernels that govern the flow from there, and outputs. */
interface AttackedState {
  /** The attacked inputs, [n, …]. */
  readonly x: Tensor
  /** Θ(X̃, X̃) and Θ(X, X̃), [n, n, o, o]. */
  readonly own: Tensor
  readonly mixed: Tensor
  /** Outputs of the linearised model on X̃ and on X. */
  readonly attacked: Tensor
  readonly clean: Tensor
}

const attackOnce =
  <P>(model: Model<P>, attack: Attack) =>
  (origin: P, params: P, batch: Batch, key: Key): AttackedState => {
    const flat = linearised(model, origin)
    const { x } = attack(flat)(params, batch, key)
    return {
      x,
      own: empiricalNtk(model)(origin, x),
      mixed: empiricalNtk(model)(origin, batch.x, x),
      attacked: flat(params)(x),
      clean: flat(params)(batch.x)
    }
  }

/** θ + J(X̃)ᵀ u. */
const advance =
  <P>(model: Model<P>) =>
  (origin: P, params: P, x: Tensor, dual: Tensor): P => {
    const moved = vjp((p: P) => model(p)(x))(origin)[1](dual)
    return tree.zipWith(moved, (p, step) => ops.add(step)(p))(params)
  }

/**
 * For each attack the times until the next one, counted from the attack, and the end of its stretch: where the next attack
 * runs, or at the last time. An attack comes first at its own time.
 */
const segmentsOf = (times: readonly number[], every: number): readonly (readonly number[])[] => {
  // a multiple of `every` is one, whatever the rounding of the product
  const segments = times.map((t) => Math.floor(t / every + 1e-9))
  const count = requireWhole(OPERATION, 'attacks', (segments.at(-1) ?? -1) + 1, 0, MOST_UNROLLED)
  return Array.from({ length: count }, (_, k) => {
    const own = times.filter((_t, i) => segments[i] === k).map((t) => Math.max(0, t - k * every))
    return [...own, k === count - 1 ? own.at(-1)! : every]
  })
}

/**
 * Predicts adversarial training of the linearised model f(θ, x) = f₀(x) + ∇f₀(x)(θ − θ₀) under gradient flow. At the times
 * kτ, τ = `every`, the attack runs against f(θ(kτ), ·) with the key `fold(k)(key)` and gives X̃ₖ, fixed until the next attack:
 *
 *   θ̇ = −η ∇f₀(X̃ₖ)ᵀ ∇L(f(θ, X̃ₖ)),   so   ∂f(X)/∂t = −η Θ(X, X̃ₖ) ∇L(f(X̃ₖ))   and the same of f(X̃ₖ) with Θ(X̃ₖ, X̃ₖ),
 *
 * with kernels at θ₀ (arXiv:2202.06488; with the loss a mean over N, ∇L is ∇ℓ/N). Each stretch is solved in function
 * space as in {@link predictOde}, in float64, from the kernels that the engine computes; its end is passed on as
 * parameters, θ ← θ + ∇f₀(X̃ₖ)ᵀ u, because the next attack needs f at inputs of which no kernel is known. As τ → 0 this
 * is the flow under an attack that is recomputed at every moment; with τ = 1 it is adversarial training that attacks as
 * often as gradient descent steps. The attack is against the linearised model: where training stays lazy, that is one
 * against the network. Labels are the targets of the loss. The kernels are full, so memory grows as (n o)².
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { attack, key, ndarray, nn, ntk, withEngine } from 'tangentflow'
 *
 * const net = nn.serial(nn.dense(4), nn.tanh, nn.dense(2))
 * const data = { x: ndarray.fromNested([[0.2, 0.9], [0.8, 0.1]]), y: ndarray.fromNested([0, 1]) }
 * const pgd = attack.pgd({ epsilon: 0.1, steps: 2, stepSize: 0.05 })
 * const predicted = await withEngine({ require: 'reference' })(
 *   ntk.predictAdversarial(net.apply, pgd, { times: [0, 2], every: 1 })(net.init(key(0), [2]), data, key(1))
 * )()
 * assert.ok(E.isRight(predicted))
 */
export const predictAdversarial = entry(
  'ntk.predictAdversarial',
  'Effect',
  2,
  <P>(model: Model<P>, attack: Attack, options: AdversarialOptions) =>
    (params: Concrete<P>, data: Dataset, key: HostKey): Effect<AdversarialPrediction<P>> =>
    (runner) => {
      checkOptions(OPERATION, kinds, options)
      const { times, every, loss = crossEntropy } = options
      const run = attackOnce(model, attack)
      const batch = { x: data.x, y: data.y }
      const segments = attempt(() => {
        requirePositive(OPERATION, 'every', every)
        requireAscending(OPERATION, times, 'finite')
        if (times.length === 0) fail('ArgumentError', OPERATION, 'at least one time', 'none', 'times')
        finite(OPERATION, data.y, 'y')
        requireInBox(OPERATION, attack, data.x)
        return segmentsOf(times, every)
      })
      /** The flow from one attack on: dual coefficients and outputs at the given times. */
      const stretch = (
        { own, mixed, attacked, clean }: Concrete<AttackedState>,
        until: readonly number[]
      ): readonly { readonly dual: NdArray; readonly attacked: NdArray; readonly clean: NdArray }[] => {
        const { shape } = attacked
        const inputs = predictionInputs(OPERATION, symmetricGramOf(OPERATION, own), shape, 'outputs', {
          start: attacked,
          test: { kernel: mixed, start: clean }
        })
        const gradient = gradientOf(OPERATION, loss, data.y, shape)
        const [dynamics, tolerance] = [dynamicsOf(OPERATION, options), toleranceOf(OPERATION, options)]
        return dualFlow(OPERATION, inputs, gradient, dynamics, tolerance, until).map((dual) => ({
          dual: of(shape, dual),
          attacked: movedBy(inputs.train, dual),
          clean: movedBy(inputs.test!, dual)
        }))
      }
      const start: Omit<AdversarialPrediction<P>, 'times'> = { params, clean: [], attacked: [], attacks: [] }
      return pipe(
        TE.fromEither(segments),
        TE.bindTo('segments'),
        TE.bind('prepare', () => runner.compile(run, [params, params, batch, key])),
        TE.flatMap(({ segments, prepare }) =>
          loop(segments.length, (k, seen: typeof start) =>
            pipe(
              prepare(params, seen.params, batch, fold(k)(key)),
              TE.flatMapEither(({ value }) =>
                attempt(() => {
                  const states = stretch(value, segments[k]!)
                  return { x: value.x, seenAt: states.slice(0, -1), dual: states.at(-1)!.dual }
                })
              ),
              TE.bind('moved', ({ x, dual }) =>
                pipe(
                  runner.compile<[P, P, Tensor, Tensor], P>(advance(model), [params, seen.params, x, dual]),
                  TE.flatMap((program) => program(params, seen.params, x, dual))
                )
              ),
              TE.map(({ x, seenAt, moved }) => ({
                params: moved.value,
                clean: [...seen.clean, ...seenAt.map(({ clean }) => clean)],
                attacked: [...seen.attacked, ...seenAt.map(({ attacked }) => attacked)],
                attacks: [...seen.attacks, { time: k * every, x }]
              }))
            )
          )(start)
        ),
        TE.map((seen) => ({ times, ...seen }))
      )
    },
  [ofModel, onData]
)
