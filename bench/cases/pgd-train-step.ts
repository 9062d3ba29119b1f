import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import {
  attack,
  type Concrete,
  fold,
  type Key,
  key,
  type NdArray,
  ndarray,
  nn,
  run,
  type Tensor,
  train,
  uniforms,
  withEngine
} from '../../lib/index.js'
import type { Candidate, Case, Outcome } from '../harness/candidate.js'
import { torchPgdTrainStep } from '../peers/torch.js'
import { engineCandidates, type EngineWork, flopsOf } from './engines.js'

// One step of adversarial training as lib/train takes it: the attack, the gradient and the optimiser, all in one program. Images
// and labels come in anew, as they do in training.

const settings = { epsilon: 0.1, steps: 10, stepSize: 0.025, rate: 0.05, momentum: 0.9 } as const
const [inputs, classes, batch] = [784, 10, 128]

const optimiser = train.momentum(settings.momentum)
const { epsilon, steps, stepSize } = settings
const networkOf = (hidden: number): nn.Network => nn.serial(nn.dense(hidden), nn.relu, nn.dense(classes))

type Arguments = [
  from: train.TrainState<nn.Params>,
  batch: { readonly x: Tensor; readonly y: Tensor },
  rate: Tensor,
  key: Key
]
const stepOf = (network: nn.Network) => {
  const takeStep = train.trainStep(network.apply, {
    optimiser,
    attack: attack.pgd({ epsilon, steps, stepSize })
  })
  return (...[from, images, rate, noise]: Arguments) => takeStep(from, images, [], rate, noise)
}
type Step = ReturnType<ReturnType<typeof stepOf>>

const argumentsOf = (network: nn.Network): Concrete<Arguments> => {
  const params = network.init(fold(0)(key(1)), [inputs])
  const labels = uniforms(fold(2)(key(1)), batch).map((u) => Math.floor(u * classes))
  return [
    { params, state: train.initialState(optimiser)<nn.Params>(params) },
    {
      x: ndarray.of([batch, inputs], uniforms(fold(1)(key(1)), batch * inputs)),
      y: ndarray.of([batch], labels)
    },
    ndarray.scalar(settings.rate),
    fold(3)(key(1))
  ]
}

const leavesOf = (prefix: string, params: Concrete<nn.Params>): readonly (readonly [string, NdArray])[] =>
  params.flatMap(({ w, b }, l) =>
    w === undefined || b === undefined ? [] : [[`${prefix}w${l}`, w] as const, [`${prefix}b${l}`, b] as const]
  )

const outcomeOf = ({ to, loss }: Concrete<Step>): Outcome => ({
  loss,
  ...Object.fromEntries(leavesOf('', to.params)),
  ...Object.fromEntries(leavesOf('v', to.state.slots[0]!))
})

const workOf = (network: nn.Network): EngineWork<Arguments, Step> => ({
  f: stepOf(network),
  forward: (...[from, { x, y }]) => nn.crossEntropy(y)(network.apply(from.params)(x)),
  args: argumentsOf(network),
  outcome: outcomeOf
})

const torchArrays = ([{ params, state }, { x, y }, , noise]: Concrete<Arguments>): {
  readonly [name: string]: NdArray
} => {
  return {
    ...Object.fromEntries(leavesOf('', params)),
    ...Object.fromEntries(leavesOf('v', state.slots[0]!)),
    x,
    y,
    noise: ndarray.of([batch, inputs], uniforms(fold(0)(noise), batch * inputs))
  }
}

const candidatesOf = (network: nn.Network, threads: readonly number[]): readonly Candidate[] => {
  const work = workOf(network)
  const engines = engineCandidates(work)
  const torch = torchPgdTrainStep(settings, torchArrays(work.args))
  return threads.flatMap((count) => [...engines(count), torch(count)])
}

/** The step at a width of the hidden layer. */
export const pgdTrainStepCaseOf = (name: string, hidden: number): Case => {
  const network = networkOf(hidden)
  return {
    name,
    title: `adversarial training step of MLP 784-${hidden}-10, batch 128: PGD-10, gradient, momentum`,
    reference: pipe(
      withEngine({ require: 'reference' })((engine) => run(engine)(stepOf(network))(...argumentsOf(network))),
      TE.map(({ value }) => outcomeOf(value))
    ),
    // A sign of the attack's gradient that rounding turns moves a pixel by a whole step.
    tolerance: 1e-2,
    flops: () => flopsOf(workOf(network)),
    candidates: (threads) => candidatesOf(network, threads),
    comparisons: [{ of: 'torch', to: 'onnx:native', sameThreads: true }]
  }
}

export const pgdTrainStepCase: Case = pgdTrainStepCaseOf('pgd-train-step', 1024)
