import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import * as codec from '../format/codec.js'
import { EvaluationSetting } from './attacks.js'
import { DataSetting, MeasuresSetting } from './images.js'
import { labelOf, MethodSetting } from './methods/index.js'
import { NetworkSetting } from './network-setting.js'
import { TrainingSetting } from './training-setting.js'

const Fields = codec.closed(
  {
    name: t.string,
    data: DataSetting,
    network: NetworkSetting,
    seeds: codec.some(codec.whole(0)),
    methods: codec.some(MethodSetting),
    training: TrainingSetting,
    evaluation: EvaluationSetting
  },
  { densities: codec.some(codec.share), measures: MeasuresSetting }
)

/** An experiment, as a JSON file says it: the same training and evaluation for each seed, method and density. */
export type Experiment = t.TypeOf<typeof Fields>

/** The first place in a list that holds a label which another place before it holds. */
const repeated = (labels: readonly string[]): number => labels.findIndex((one, i) => labels.indexOf(one) < i)

/** A codec of experiments whose methods all have names of their own. */
export const Experiment: t.Type<Experiment, unknown> = new t.Type<Experiment, unknown>(
  Fields.name,
  Fields.is,
  (value, context) =>
    pipe(
      Fields.validate(value, context),
      E.flatMap((experiment) => {
        const at = repeated(experiment.methods.map(labelOf))
        if (at < 0) return t.success(experiment)
        const name = labelOf(experiment.methods[at]!)
        const where = ['methods', String(at), 'name'].reduce(
          (path, step) => t.appendContext(path, step, t.string, name),
          context
        )
        return t.failure(name, where, 'a name that no other method has')
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

/** The dense run that the others of its seed are compared with, where the experiment has one. */
export const denseRunOf = ({ methods }: Experiment, { seed }: RunSetting): RunSetting | undefined => {
  const method = methods.find(({ kind }) => kind === 'dense')
  return method && { seed, method, density: 1 }
}

/** The name of a run, and of its files. */
export const nameOf = ({ seed, method, density }: RunSetting): string => {
  const label = labelOf(method).replaceAll(' ', '-')
  return method.kind === 'dense' ? `${label}-seed${seed}` : `${label}-${density}-seed${seed}`
}

/** All of an experiment that one run depends on, to be compared with what a file of the run says. */
export const settingOf = (experiment: Experiment, run: RunSetting): Readonly<Record<string, unknown>> => {
  const { data, network, training, evaluation, measures } = experiment
  return {
    data,
    network,
    training,
    evaluation,
    ...(measures && { measures, followed: denseRunOf(experiment, run) !== undefined }),
    ...run
  }
}
