import type { IO } from 'fp-ts/lib/IO.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { fail, type TangentError } from '../core/error.js'
import type { HostKey } from '../core/key.js'
import { type NdArray, scalar } from '../core/ndarray.js'
import { grad } from '../diff/index.js'
import { fold, type Key, split } from '../graph/key.js'
import * as ops from '../graph/ops/index.js'
import type { Runner } from '../graph/runner.js'
import type { Concrete } from '../graph/spec.js'
import type { Tensor } from '../graph/tensor.js'
import * as tree from '../graph/tree.js'
import { attempt } from '../graph/trace.js'
import { none } from '../attack/attack.js'
import { type Attack, type Batch, type Dataset, shuffledRows, takeExamples } from '../nn/batch.js'
import { labelledCount } from '../nn/labels.js'
import { type MaskedLeaves, type Network, type Params, type Weights, weightsOf } from '../nn/layer.js'
import { adam, initialState, type TrainState } from '../nn/optimiser.js'
import { empiricalNtk } from '../ntk/index.js'
import { fingerprintFunction, fingerprint } from '../checkpoint/fingerprint.js'
import { type Checkpointing, runSteps } from '../checkpoint/run-steps.js'
import type { LayerAllocation } from './allocation.js'
import { apply } from './apply.js'
import { topKMaskOf, emptyLayers } from './choose.js'
import { load, save } from './history.js'
import { magnitudes } from './magnitude.js'

/** The recipe of neural tangent transfer; the defaults are those of the published code. */
export interface TransferOptions extends MaskedLeaves {
  /** The fraction of weights to keep, in (0, 1]. */
  readonly density: number
  /** How what is kept is shared out; `uniform` unless given. */
  readonly layers?: LayerAllocation
  /** Weight of the mean squared difference of kernel entries; 1e-3 unless given. */
  readonly gamma?: number
  /** Weight of ‖m∘w‖², the masked weights without biases, divided by the density; 1e-4 unless given. */
  readonly lambda?: number
  /** 18,720 unless given: 20 epochs of MNIST. */
  readonly steps?: number
  /** Images on each side of the kernel, so that a step takes twice as many; 32 unless given. */
  readonly batch?: number
  /** Adam's rate; 5e-4 unless given. */
  readonly rate?: number
  /** Steps from one choice of the mask to the next; 100 unless given. */
  readonly refresh?: number
  /** An attack on the second half, against the dense network; none unless given. */
  readonly attack?: Attack
  /** Called after every step. */
  readonly observe?: (event: TransferEvent) => IO<void>
  /** Asked before every step: true ends the transfer there. */
  readonly stop?: IO<boolean>
  /** Saves the transfer, which is then resumed to the same bits. */
  readonly checkpoint?: Checkpointing
}

/** One step of a transfer: its loss and the terms without their weights. */
export interface TransferEvent {
  readonly step: number
  readonly steps: number
  readonly loss: number
  /** The mean squared difference of kernel entries. */
  readonly kernel: number
  /** The mean squared difference of outputs. */
  readonly output: number
}

/** A sparse network that was taught the dense one's tangent kernel. */
export interface Transferred {
  readonly mask: Concrete<Weights>
  /** The layers that the mask empties, see `mask.emptyLayers`; none where all is well. */
  readonly emptyLayers: readonly number[]
  /** The student's parameters, from which the masked network is trained. */
  readonly params: Concrete<Params>
  /** The last event of every refresh. */
  readonly history: readonly TransferEvent[]
}

const operation = 'mask.transfer'

const check = ({ gamma = 1e-3, lambda = 1e-4, rate = 5e-4, ...rest }: TransferOptions): void => {
  const { steps = 18_720, refresh = 100 } = rest
  for (const [name, value] of Object.entries({ gamma, lambda, rate }))
    if (!(Number.isFinite(value) && value >= 0))
      fail('ArgumentError', operation, 'a finite number of at least 0', `${value}`, name)
  for (const [name, value] of Object.entries({ steps, refresh }))
    if (!(Number.isInteger(value) && value >= 1))
      fail('ArgumentError', operation, 'a whole number of at least 1', `${value}`, name)
}

const meanSquare = (a: Tensor, b: Tensor): Tensor => ops.mean()(ops.square(ops.sub(b)(a)))

/** One step as a traced function: the student's terms, and the student after it. */
const transferStep =
  (network: Network, { density, gamma = 1e-3, lambda = 1e-4, attack = none }: TransferOptions) =>
  (
    from: TrainState<Params>,
    dense: Params,
    mask: Weights,
    first: Tensor,
    second: Required<Batch>,
    rate: Tensor,
    key: Key
  ) => {
    const { x } = attack(network.apply)(dense, second, key)
    const kernel = empiricalNtk(network.apply)
    const outputs = (p: Params): Tensor => network.apply(p)(ops.concat(0)([first, x]))
    const terms = (p: Params) => {
      const student = apply(mask)(p)
      const size = tree.tensors(weightsOf(student)).map((leaf) => ops.dot(leaf)(leaf))
      const parts = {
        kernel: meanSquare(kernel(student, first, x), kernel(dense, first, x)),
        output: meanSquare(outputs(student), outputs(dense))
      }
      const loss = pipe(
        parts.output,
        ops.add(ops.scale(gamma)(parts.kernel)),
        ops.add(ops.scale(lambda / density)(size.reduce((a, b) => ops.add(b)(a))))
      )
      return { ...parts, loss }
    }
    const gradient = grad((p: Params) => terms(p).loss)(from.params)
    return { to: optimiser.step(rate)(gradient)(from), terms: terms(from.params) }
  }

const optimiser = adam()

interface Progress {
  readonly at: Concrete<TrainState<Params>>
  readonly mask: Concrete<Weights>
  readonly history: readonly TransferEvent[]
}

const saveProgress = ({ at, mask, history }: Progress): Readonly<Record<string, NdArray>> =>
  save(
    { at, mask },
    { events: history.map(({ step, loss, kernel, output }) => [step, loss, kernel, output]) }
  )

const loadProgress =
  (first: Concrete<TrainState<Params>>, mask: Concrete<Weights>, steps: number) =>
  (tensors: Readonly<Record<string, NdArray>>): Progress => {
    const { state, columns } = load({ at: first, mask })(tensors)
    const events = (columns.events ?? []).map(([step, loss, kernel, output]): TransferEvent => ({
      step: step!,
      steps,
      loss: loss!,
      kernel: kernel!,
      output: output!
    }))
    return { ...state, history: events }
  }

/**
 * Neural tangent transfer (Liu, Zenke, arXiv:2006.08228): a masked student learns the outputs and the tangent kernel of the
 * dense network at initialisation, without labels, while its weights move and its mask follows their magnitudes. The kernel is
 * the ambient one, J Jᵀ at m∘θ, as in the published code. With an attack, the kernel is the mixed one.
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
export const transfer =
  (network: Network, options: TransferOptions) =>
  (
    params: Concrete<Params>,
    data: Dataset,
    key: HostKey
  ): ReaderTaskEither<Runner, TangentError, Transferred> =>
  (runner) => {
    const { density, layers = 'uniform', steps = 18_720, batch = 32, rate = 5e-4, refresh = 100 } = options
    const [forShuffle, forSteps] = split(2)(key)
    const maskOf = (at: Concrete<Params>): Concrete<Weights> =>
      topKMaskOf({ layers, density })(magnitudes(at, options))
    const plan = attempt(() => {
      check(options)
      const rows = shuffledRows(forShuffle, labelledCount(operation, network.apply, params, data), 2 * batch)
      return {
        mask: maskOf(params),
        examplesOf: (step: number) => {
          const chosen = rows.rowsOf(step)
          const [first, second] = [chosen.slice(0, batch), chosen.slice(batch)]
          return [
            takeExamples(data, first).x,
            takeExamples(data, second),
            scalar(rate),
            fold(step)(forSteps)
          ] as const
        }
      }
    })
    return pipe(
      TE.fromEither(plan),
      TE.bindTo('plan'),
      TE.let('first', (): Concrete<TrainState<Params>> => ({
        params,
        state: initialState(optimiser)<Params>(params)
      })),
      TE.bind('program', ({ plan: { mask, examplesOf }, first }) =>
        runner.compile(transferStep(network, options), [first, params, mask, ...examplesOf(0)])
      ),
      TE.flatMap(({ plan: { mask, examplesOf }, first, program }) =>
        runSteps<Progress>({
          kind: operation,
          settings:
            options.checkpoint === undefined
              ? {}
              : {
                  step: fingerprintFunction(transferStep(network, options), [
                    first,
                    params,
                    mask,
                    ...examplesOf(0)
                  ]),
                  ...Object.fromEntries(
                    Object.entries({ density, steps, batch, rate, refresh }).map(([name, n]) => [
                      name,
                      String(n)
                    ])
                  ),
                  layers: String(layers),
                  params: fingerprint(params),
                  data: fingerprint({ x: data.x, y: data.y }),
                  key: fingerprint([key])
                },
          count: steps,
          first: { at: first, mask, history: [] },
          checkpoint: options.checkpoint,
          stop: options.stop,
          encode: saveProgress,
          decode: loadProgress(first, mask, steps),
          take: (step, before) => {
            const chosen = step > 0 && step % refresh === 0 ? maskOf(before.at.params) : before.mask
            return pipe(
              program(before.at, params, chosen, ...examplesOf(step)),
              TE.map(({ value: { to, terms }, executed }) => {
                const [loss, kernel, output] = [terms.loss, terms.kernel, terms.output].map(
                  ({ data: d }) => d[0]!
                )
                const event = { step, steps, loss: loss!, kernel: kernel!, output: output! }
                options.observe?.(event)()
                const isLast = (step + 1) % refresh === 0 || step + 1 === steps
                const history = isLast ? [...before.history, event] : before.history
                return { executed, state: { at: to, mask: chosen, history } }
              })
            )
          }
        })
      ),
      TE.map(
        ({
          state: {
            at: { params: student },
            history
          }
        }): Transferred => {
          const found = maskOf(student)
          return { mask: found, emptyLayers: emptyLayers(found), params: student, history }
        }
      )
    )
  }
