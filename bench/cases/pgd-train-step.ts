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
import { engineCandidates, type EngineWork } from './engines.js'

// One step of adversarial training as lib/train takes it: the attack, the gradient and the optimiser, all in one program. Images
// and labels come in anew, as they do in training.

const settings = { epsilon: 0.1, steps: 10, stepSize: 0.025, rate: 0.05, momentum: 0.9 } as const
const [inputs, hidden, classes, batch] = [784, 1024, 10, 128]

const network = nn.serial(nn.dense(hidden), nn.relu, nn.dense(classes))
const optimiser = train.momentum(settings.momentum)
const { epsilon, steps, stepSize } = settings
const takeStep = train.trainStep(network.apply, {
  optimiser,
  attack: attack.pgd({ epsilon, steps, stepSize })
})

type Arguments = [
  from: train.TrainState<nn.Params>,
  batch: { readonly x: Tensor; readonly y: Tensor },
  rate: Tensor,
  key: Key
]
const step = (...[from, images, rate, noise]: Arguments) => takeStep(from, images, [], rate, noise)
type Step = ReturnType<typeof step>

const forward = (...[from, { x, y }]: Arguments): Tensor => nn.crossEntropy(y)(network.apply(from.params)(x))

const argumentsOf = (): Concrete<Arguments> => {
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

const work: EngineWork<Arguments, Step> = { f: step, forward, args: argumentsOf(), outcome: outcomeOf }

const torchArrays = (): { readonly [name: string]: NdArray } => {
  const [{ params, state }, { x, y }, , noise] = argumentsOf()
  return {
    ...Object.fromEntries(leavesOf('', params)),
    ...Object.fromEntries(leavesOf('v', state.slots[0]!)),
    x,
    y,
    noise: ndarray.of([batch, inputs], uniforms(fold(0)(noise), batch * inputs))
  }
}

const candidates = (threads: readonly number[]): readonly Candidate[] => {
  const engines = engineCandidates(work)
  const torch = torchPgdTrainStep(settings, torchArrays())
  return threads.flatMap((count) => [...engines(count), torch(count)])
}

export const pgdTrainStepCase: Case = {
  name: 'pgd-train-step',
  title: 'adversarial training step of MLP 784-1024-10, batch 128: PGD-10, gradient, momentum',
  reference: pipe(
    withEngine({ require: 'reference' })((engine) => run(engine)(step)(...argumentsOf())),
    TE.map(({ value }) => outcomeOf(value))
  ),
  // A sign of the attack's gradient that rounding turns moves a pixel by a whole step.
  tolerance: 1e-2,
  candidates,
  comparisons: [{ of: 'torch', to: 'onnx:native', sameThreads: true }]
}
