import { checkOptions, option, type OptionKinds } from '../core/options.js'
import type { IO } from 'fp-ts/lib/IO.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { entry } from '../core/entry.js'
import { none } from '../attack/pgd.js'
import { requireFinite, requireWhole } from '../core/check.js'
import type { HostKey } from '../core/key.js'
import { split } from '../graph/key.js'
import { ops } from '../graph/ops/index.js'
import type { Effect } from '../graph/runner.js'
import type { Concrete } from '../graph/spec.js'
import type { Tensor } from '../graph/tensor.js'
import { attempt } from '../graph/trace.js'
import * as tree from '../graph/tree.js'
import { exampleCount } from '../nn/batch.js'
import type { NetworkLike, Params } from '../nn/layer.js'
import type { Attack, Dataset } from '../nn/model.js'
import { type MaskedLeaves, type Weights, weightsOf } from '../nn/weights.js'
import { empiricalNtk } from '../ntk/index.js'
import { apply } from './apply.js'
import { learnFrom } from './learn.js'
import type { LearnEvent, LearnOptions, LearnResult, MaskObjective } from './learn-step.js'
import type { Parametrisation } from './parametrisation.js'
import { magnitudes } from './scores/score.js'
import { type Sparsity, topKMaskOf } from './top-k.js'
import { ofNetwork, onData } from '../nn/require.js'

/** The recipe of neural tangent transfer; the defaults are those of the published code, and `uniform` layers. */
export interface TransferOptions extends MaskedLeaves, Sparsity, Pick<LearnOptions, 'stop' | 'checkpoint'> {
  /** Weight of the mean squared difference of kernel entries. @defaultValue 1e-3 */
  readonly gamma?: number
  /** Weight of ‖m∘w‖², the masked weights without biases, divided by the density. @defaultValue 1e-4 */
  readonly lambda?: number
  /** @defaultValue 18,720: 20 epochs of MNIST */
  readonly steps?: number
  /** Images on each side of the kernel, so that a step takes twice as many. @defaultValue 32 */
  readonly batch?: number
  /** Adam's rate. @defaultValue 5e-4 */
  readonly rate?: number
  /** Steps from one choice of the mask to the next. @defaultValue 100 */
  readonly refresh?: number
  /** An attack on the second half, against the dense network. @defaultValue none */
  readonly attack?: Attack
  /** Called after every step. */
  readonly observe?: (event: TransferEvent) => IO<void>
}

/** One step of a transfer: its loss and the terms without their weights. */
export interface TransferEvent {
  /** Steps taken. */
  readonly step: number
  /** Steps in all. */
  readonly steps: number
  /** The value of the objective. */
  readonly loss: number
  /** The mean squared difference of kernel entries. */
  readonly kernel: number
  /** The mean squared difference of outputs. */
  readonly output: number
}

/** A sparse network that was taught the dense one's tangent kernel: from its `params`, the student's, it is trained. */
export interface Transferred<P = Params> extends Omit<LearnResult<P>, 'scores' | 'history'> {
  /** The last event of every refresh. */
  readonly history: readonly TransferEvent[]
}

const operation = 'mask.transfer'

const kinds: OptionKinds<TransferOptions> = {
  biases: option.flag,
  density: option.number,
  layers: option.any,
  stop: option.function,
  checkpoint: option.record,
  gamma: option.number,
  lambda: option.number,
  steps: option.number,
  batch: option.number,
  rate: option.number,
  refresh: option.number,
  attack: option.function,
  observe: option.function
}

const meanSquare = (a: Tensor, b: Tensor): Tensor => ops.mean()(ops.square(ops.sub(b)(a)))

/** The objective of a transfer: outputs and kernel of the dense network, and small weights. */
const teaching =
  <P>(network: NetworkLike<P>, gamma: number, decay: number): MaskObjective<P> =>
  ({ mask, params, dense, clean, adversarial: { x } }) => {
    const kernel = empiricalNtk(network.apply)
    const outputs = (p: P): Tensor => network.apply(p)(ops.concat(0)([clean, x]))
    const student = apply(mask)(params)
    const size = tree.tensors(weightsOf(student)).map((leaf) => ops.dot(leaf)(leaf))
    const terms = {
      kernel: meanSquare(kernel(student, clean, x), kernel(dense, clean, x)),
      output: meanSquare(outputs(student), outputs(dense))
    }
    const loss = pipe(
      terms.output,
      ops.add(ops.scale(gamma)(terms.kernel)),
      ops.add(ops.scale(decay)(size.reduce((a, b) => ops.add(b)(a))))
    )
    return { ...terms, loss }
  }

/** Scores that are the mask: it is chosen between steps, so that no step chooses it again. */
const chosen: Parametrisation = { soft: (mask) => mask, hard: (mask) => mask }

const eventOf = ({ step, steps, terms }: LearnEvent): TransferEvent => ({
  step,
  steps,
  loss: terms.loss!,
  kernel: terms.kernel!,
  output: terms.output!
})

/**
 * Transfers a tangent kernel (Liu, Zenke, arXiv:2006.08228): a masked student learns the outputs and the kernel of the dense
 * network at initialisation, without labels, while its weights move and its mask follows their magnitudes. The kernel is the
 * ambient one, J Jᵀ at m∘θ, as in the published code. With an attack, the kernel is the mixed one. It is `mask.learn` with
 * weights that move and scores that are not learnt.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { data, key, mask, nn, withEngine } from 'tangentflow'
 *
 * const net = nn.serial(nn.dense(8), nn.relu, nn.dense(10))
 * const { x, y } = data.take(Array.from({ length: 16 }, (_, i) => i))(data.digits())
 * const student = await withEngine()(
 *   mask.transfer(net, { density: 0.25, steps: 4, batch: 4, refresh: 2 })(net.init(key(0), [64]), { x, y }, key(1))
 * )()
 * assert.ok(E.isRight(student))
 * assert.equal(mask.density(student.right.mask), 0.25)
 */
export const transfer = entry(
  'mask.transfer',
  'Effect',
  2,
  <P>(network: NetworkLike<P>, options: TransferOptions) =>
    (params: Concrete<P>, data: Dataset, key: HostKey): Effect<Transferred<P>> =>
    (runner) => {
      checkOptions(operation, kinds, options)
      const { density, layers = 'uniform', biases = false, observe } = options
      const { gamma = 1e-3, lambda = 1e-4, rate = 5e-4 } = options
      const { steps = 18_720, batch = 32, refresh = 100, attack = none, stop, checkpoint } = options
      const [shuffle, draws] = split(2)(key)
      const maskOf = (at: Concrete<P>): Concrete<Weights<P>> =>
        topKMaskOf({ layers, density })(magnitudes<P>(at, { biases }))
      const start = attempt(() => {
        for (const [name, value] of Object.entries({ gamma, lambda, rate }))
          requireFinite(operation, name, value, 0)
        requireWhole(operation, 'steps', steps, 1)
        requireWhole(operation, 'refresh', refresh, 1)
        requireWhole(operation, 'batch', batch, 1, Math.floor(exampleCount(operation, data) / 2))
        return maskOf(params)
      })
      const learnt = (mask: Concrete<Weights<P>>): ReturnType<Effect<LearnResult<P>>> =>
        learnFrom(network, {
          objective: teaching(network, gamma, lambda / density),
          parametrisation: chosen,
          start: mask,
          rescoring: { steps: refresh, scores: maskOf },
          weights: { rate: 1 },
          attack,
          steps,
          batch,
          rate: () => rate,
          ...(observe && { observe: (event: LearnEvent) => observe(eventOf(event)) }),
          ...(stop && { stop }),
          ...(checkpoint && { checkpoint })
        })(params, data, { operation, shuffle, draws, keysOf: (step) => [step, step] })(runner)
      return pipe(
        TE.fromEither(start),
        TE.flatMap(learnt),
        TE.map(({ scores: mask, emptyLayers, params: student, history }) => ({
          mask,
          emptyLayers,
          params: student,
          history: history.flatMap((event) =>
            (event.step + 1) % refresh === 0 || event.step + 1 === steps ? [eventOf(event)] : []
          )
        }))
      )
    },
  [ofNetwork, onData]
)
