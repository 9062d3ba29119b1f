import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import {
  attack,
  type Concrete,
  fold,
  type Key,
  key,
  mask,
  type NdArray,
  ndarray,
  nn,
  rademachers,
  run,
  split,
  type Tensor,
  train,
  uniforms,
  valueAndGrad,
  withEngine
} from '../../lib/index.js'
import type { Candidate, Case, Outcome } from '../harness/candidate.js'
import { torchAwtStep } from '../peers/torch.js'
import { compileCaseOf, engineCandidates, type EngineWork, flopsOf } from './engines.js'

// One step of the search for a ticket of LeNet-300-100, as lib/mask/search.ts takes it: the attack on the dense network, a global
// top-k of the scores, both sides of the kernel, the gradient and Adam, all in one program.

const widths = [784, 300, 100, 10] as const
const settings = { epsilon: 0.1, attackSteps: 7, density: 0.1, c: 1, rate: 0.02 } as const

/** How the kernels are compared, and on how many clean and attacked images each. */
interface Variant {
  readonly kernel: 'probes' | 'explicit'
  readonly batch: number
}

const network = nn.serial(nn.dense(widths[1]), nn.relu, nn.dense(widths[2]), nn.relu, nn.dense(widths[3]))

const robust = attack.pgd({
  epsilon: settings.epsilon,
  steps: settings.attackSteps,
  stepSize: (2.5 * settings.epsilon) / settings.attackSteps
})

const adam = train.adam()

/** Kept weights, of all weights of the network. */
const kept = Math.round(
  settings.density * widths.slice(1).reduce((total, width, l) => total + width * widths[l]!, 0)
)

type State = { readonly scores: nn.Weights; readonly adam: train.OptimiserState<nn.Weights> }
type Images = { readonly x: Tensor; readonly y: Tensor }
type Arguments = [state: State, params: nn.Params, clean: Tensor, other: Images, rate: Tensor, key: Key]

const stepOf =
  ({ kernel }: Variant) =>
  (...[state, params, clean, other, rate, stepKey]: Arguments) => {
    const [forAttack, forProbes] = split(2)(stepKey)
    const adversarial = robust(network.apply)(params, other, forAttack).x
    const terms = (scores: nn.Weights): mask.ObjectiveTerms =>
      mask.objective(network.apply, { kernel, c: settings.c })(
        mask.topK(kept)(scores),
        params,
        clean,
        adversarial,
        forProbes
      )
    const gradient = valueAndGrad((scores: nn.Weights) => terms(scores).loss)(state.scores)[1]
    const next = adam.step(rate)(gradient)({ params: state.scores, state: state.adam })
    return {
      state: { scores: next.params, adam: next.state },
      terms: terms(state.scores),
      mask: mask.topK(kept)(state.scores)
    }
  }

type Step = ReturnType<ReturnType<typeof stepOf>>

/** Both networks on their inputs, without attack, kernels or gradient. */
const forward = (...[state, params, clean, other]: Arguments): readonly Tensor[] => {
  const chosen = mask.topK(kept)(state.scores)
  return [params, mask.apply(chosen)(params)].flatMap((p) => [
    network.apply(p)(clean),
    network.apply(p)(other.x)
  ])
}

const images = (seed: number, count: number): NdArray =>
  ndarray.of([count, widths[0]], uniforms(fold(seed)(key(1)), count * widths[0]))

/** Scores about 1 that differ from weight to weight as |w| does. */
const startScores = (params: Concrete<nn.Params>): Concrete<nn.Weights> =>
  params.map(({ w }) => {
    if (w === undefined) return {}
    const norm = Math.sqrt(w.shape[0]! / 2)
    return {
      w: ndarray.of(
        w.shape,
        Float32Array.from(w.data, (value) => norm * Math.abs(value))
      )
    }
  })

const argumentsOf = ({ batch }: Variant): Concrete<Arguments> => {
  const params = network.init(fold(0)(key(1)), [widths[0]])
  const labels = uniforms(fold(3)(key(1)), batch).map((u) => Math.floor(u * widths[3]))
  const scores = startScores(params)
  return [
    { scores, adam: train.initialState(adam)<nn.Weights>(scores) },
    params,
    images(1, batch),
    { x: images(2, batch), y: ndarray.of([batch], labels) },
    ndarray.scalar(settings.rate),
    fold(4)(key(1))
  ]
}

/** The moment is a tenth of the gradient; the new scores would show its signs only. */
const outcomeOf = ({ state, terms, mask: chosen }: Concrete<Step>): Outcome => {
  const weights = (name: string, tree: Concrete<nn.Weights>) =>
    tree.flatMap(({ w }, l) => (w === undefined ? [] : [[`${name} of layer ${l}`, w] as const]))
  return {
    kernel: terms.kernel,
    output: terms.output,
    ...Object.fromEntries(weights('mask', chosen)),
    ...Object.fromEntries(weights('moment', state.adam.slots[0]!))
  }
}

const awtWork = (variant: Variant): EngineWork<Arguments, Step> => ({
  f: stepOf(variant),
  forward,
  args: argumentsOf(variant),
  outcome: outcomeOf
})

const torchArrays = (variant: Variant): { readonly [name: string]: NdArray } => {
  const [{ scores }, params, clean, other, , stepKey] = argumentsOf(variant)
  const [forAttack, forProbes] = split(2)(stepKey)
  const { batch } = variant
  const leaves = params.flatMap(({ w, b }, l) =>
    w === undefined || b === undefined
      ? []
      : [
          [`w${l}`, w],
          [`b${l}`, b],
          [`s${l}`, scores[l]!.w!]
        ]
  )
  return {
    ...(Object.fromEntries(leaves) as { readonly [name: string]: NdArray }),
    clean,
    x: other.x,
    y: other.y,
    noise: ndarray.of([batch, widths[0]], uniforms(fold(0)(forAttack), batch * widths[0])),
    probes: ndarray.of([batch, widths[3]], rademachers(forProbes, batch * widths[3]))
  }
}

const candidatesOf =
  (variant: Variant) =>
  (threads: readonly number[]): readonly Candidate[] => {
    const engines = engineCandidates(awtWork(variant))
    const torch = torchAwtStep(
      { ...settings, kept, explicit: variant.kernel === 'explicit' ? 1 : 0 },
      torchArrays(variant)
    )
    return threads.flatMap((count) => [...engines(count), torch(count)])
  }

const caseOf = (name: string, title: string, variant: Variant): Case => ({
  name,
  title,
  // Unoptimised, the explicit kernel would be a product of Jacobians.
  reference: pipe(
    withEngine({ require: 'reference' })((engine) => run(engine)(stepOf(variant))(...argumentsOf(variant))),
    TE.map(({ value }) => outcomeOf(value))
  ),
  // A sign of the attack's gradient that rounding turns moves a pixel by a whole step.
  tolerance: 1e-2,
  flops: () => flopsOf(awtWork(variant)),
  candidates: candidatesOf(variant),
  comparisons: [{ of: 'torch', to: 'onnx:native', sameThreads: true }]
})

const probesVariant: Variant = { kernel: 'probes', batch: 128 }
const explicitVariant: Variant = { kernel: 'explicit', batch: 32 }

export const awtStepCase = caseOf(
  'awt-step',
  'search step for LeNet-300-100, N = 128: PGD-7, Rademacher probes, top-k at density .1, Adam',
  probesVariant
)

export const awtStepExplicitCase = caseOf(
  'awt-step-explicit',
  'the same with the masked mixed kernel 32 × 32 × 10 × 10',
  explicitVariant
)

/** How long it takes to make the step ready. */
export const compileAwtStepCase: Case = compileCaseOf(awtStepCase, () => awtWork(probesVariant))
