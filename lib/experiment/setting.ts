import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { publishedNames } from '../data/published.js'
import * as codec from '../format/codec.js'
import { labelOf, Method, type MethodSetting } from './method-setting.js'

// An experiment as a JSON file says it.

const radius = codec.atLeast(0)
const count = codec.whole(1)
const norm = codec.oneOf(['linf', 'l2', 'l1'])

const kinds = <N extends string>(name: N): t.Type<N, N> => codec.oneOf([name])

const start = {
  standardise: t.boolean,
  fan: codec.oneOf(['in', 'average']),
  sigmaW: radius,
  sigmaB: radius
}
const Network = codec.tagged('kind', {
  mlp: codec.closed({ kind: kinds('mlp'), hidden: t.readonlyArray(count) }, start),
  lenet300100: codec.closed({ kind: kinds('lenet300100') }, start),
  lenet5: codec.closed({ kind: kinds('lenet5') }, start),
  conv16Conv32Fc100: codec.closed({ kind: kinds('conv16Conv32Fc100') }, start),
  vgg32: codec.closed({ kind: kinds('vgg32') }, { widths: codec.some(count), ...start })
})
/**
 * Which network, how its layers start, and whether its inputs are standardised by the training images' mean and deviation
 * before the first of them.
 */
export type NetworkSetting = t.TypeOf<typeof Network>

const Schedule = codec.tagged('kind', {
  constant: codec.closed({ kind: kinds('constant'), rate: radius }, {}),
  cosine: codec.closed({ kind: kinds('cosine'), rate: radius }, { warmUp: codec.whole(0) }),
  'one-cycle': codec.closed({ kind: kinds('one-cycle'), rate: radius }, { summit: codec.share }),
  steps: codec.closed(
    { kind: kinds('steps'), rate: radius, at: t.readonlyArray(codec.share) },
    { factor: radius }
  )
})
/** The learning rate; `rate` is its largest. */
export type ScheduleSetting = t.TypeOf<typeof Schedule>

const TrainingAttack = codec.tagged('kind', {
  pgd: codec.closed(
    { kind: kinds('pgd'), epsilon: radius, steps: count, relativeStep: radius },
    { norm, warmUp: codec.whole(0), clean: codec.share }
  ),
  trades: codec.closed(
    { kind: kinds('trades'), epsilon: radius, steps: count, relativeStep: radius, beta: radius },
    { norm }
  ),
  'fgsm-rs': codec.closed({ kind: kinds('fgsm-rs'), epsilon: radius }, {})
})
/**
 * Against what is trained. `warmUp` is the number of steps in which ε rises from 0, `clean` the part of each batch that is
 * not attacked.
 */
export type TrainingAttack = t.TypeOf<typeof TrainingAttack>

const Optimiser = codec.tagged('kind', {
  momentum: codec.closed({ kind: kinds('momentum'), decay: codec.atLeast(0) }, {}),
  adam: codec.closed({ kind: kinds('adam') }, {})
})
/** How gradients become steps; a decay of 0 is plain SGD. */
export type OptimiserSetting = t.TypeOf<typeof Optimiser>

const Training = codec.closed(
  { epochs: count, batch: count, optimiser: Optimiser, schedule: Schedule },
  { attack: TrainingAttack }
)
/** How every run is trained. */
export type TrainingSetting = t.TypeOf<typeof Training>

const TestAttack = codec.tagged('kind', {
  fgsm: codec.closed({ kind: kinds('fgsm') }, {}),
  noise: codec.closed({ kind: kinds('noise'), samples: count }, {}),
  pgd: codec.closed({ kind: kinds('pgd'), steps: count, relativeStep: radius }, { restarts: count }),
  apgd: codec.closed(
    { kind: kinds('apgd'), steps: count },
    { restarts: count, loss: codec.oneOf(['ce', 'dlr']) }
  ),
  'apgd-t': codec.closed({ kind: kinds('apgd-t'), steps: count }, { targets: count }),
  square: codec.closed({ kind: kinds('square'), steps: count }, {})
})
/** One of the attacks of an evaluation. */
export type TestAttack = t.TypeOf<typeof TestAttack>

const Evaluation = codec.closed(
  { epsilon: radius, attacks: codec.some(TestAttack) },
  { norm, batch: count, audit: count, epsilons: t.readonlyArray(radius) }
)
/** How what was trained is tested. `audit`: on how many examples signs of masked gradients are looked for. */
export type EvaluationSetting = t.TypeOf<typeof Evaluation>

/** The names of the sets that an experiment may name. */
export const setNames = ['digits', ...publishedNames] as const

const Measures = codec.closed({ kernelImages: count, dynamicsImages: count, checkpoints: count }, {})
/**
 * What is measured beside accuracies, on the last and the first images of the test set: clean ones and as many others under
 * attack for kernels, and how many are followed along the training, at how many times.
 */
export type MeasuresSetting = t.TypeOf<typeof Measures>

/** An experiment: the same training and test for each seed, method and density. */
const Fields = codec.closed(
  {
    name: t.string,
    data: codec.closed(
      { set: codec.oneOf(setNames), validation: codec.whole(0) },
      { test: count, train: count }
    ),
    network: Network,
    seeds: codec.some(codec.whole(0)),
    methods: codec.some(Method),
    training: Training,
    evaluation: Evaluation
  },
  { densities: codec.some(codec.share), measures: Measures }
)
export type Experiment = t.TypeOf<typeof Fields>

/** The first place in a list that holds what stood before. */
const repeated = (labels: readonly string[]): number => labels.findIndex((one, i) => labels.indexOf(one) < i)

/** An experiment whose methods all have names of their own. */
export const Experiment: t.Type<Experiment, unknown> = new t.Type<Experiment, unknown>(
  Fields.name,
  Fields.is,
  (value, context) =>
    pipe(
      Fields.validate(value, context),
      E.flatMap((experiment) => {
        const at = repeated(experiment.methods.map(labelOf))
        if (at < 0) return t.success(experiment)
        const label = labelOf(experiment.methods[at]!)
        const where = ['methods', String(at), 'name'].reduce(
          (path, name) => t.appendContext(path, name, t.string, label),
          context
        )
        return t.failure(label, where, 'a name that no other method has')
      })
    ),
  t.identity
)

/** One run of an experiment. */
export interface RunSetting {
  readonly seed: number
  readonly method: MethodSetting
  readonly density: number
}

/** The runs of an experiment, seed by seed: dense first and once, each other method at every density. */
export const runsOf = ({ seeds, methods, densities = [1] }: Experiment): readonly RunSetting[] => {
  const first = [...methods].sort((a, b) => Number(b.kind === 'dense') - Number(a.kind === 'dense'))
  return seeds.flatMap((seed) =>
    first.flatMap((method) =>
      (method.kind === 'dense' ? [1] : densities).map((density) => ({ seed, method, density }))
    )
  )
}

/** The name of a run, and of its files. */
export const nameOf = ({ seed, method, density }: RunSetting): string => {
  const label = labelOf(method).replaceAll(' ', '-')
  return method.kind === 'dense' ? `${label}-seed${seed}` : `${label}-${density}-seed${seed}`
}
