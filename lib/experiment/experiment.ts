import { plain } from '../core/plain.js'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import * as codec from '../format/codec.js'
import { EvaluationSetting } from './attacks.js'
import { DataSetting, MeasuresSetting } from './images.js'
import { labelOf, MethodSetting, roleOf } from './methods/index.js'
import { NetworkSetting } from './network-setting.js'
import type { RunOrder } from './schedule.js'
import { TrainingSetting } from './training-setting.js'

const Fields = codec.closed(
  {
    /** The name, which becomes the name of a file. */
    name: codec.fileName,
    /** Which images. */
    data: DataSetting,
    /** The network and its initialisation. */
    network: NetworkSetting,
    /** The seeds, each of which draws its own weights and batches. */
    seeds: codec.some(codec.whole(0)),
    /** How masks are chosen. */
    methods: codec.some(MethodSetting),
    /** How every run is trained. */
    training: TrainingSetting,
    /** How every run is evaluated. */
    evaluation: EvaluationSetting
  },
  {
    /** The fractions of the weights that masks keep. @defaultValue `[1]` */
    densities: codec.some(codec.share),
    /** What is measured beside accuracies. @defaultValue nothing */
    measures: MeasuresSetting
  }
)

/** An experiment, as a JSON file says it: the same training and evaluation for each seed, method and density. */
export type Experiment = t.TypeOf<typeof Fields>

/** An experiment has so many runs at most: seeds times methods times densities. */
export const MOST_RUNS = 100_000

/** The first place in a list that holds what a place before it holds. */
const repeated = (values: readonly (string | number)[]): number => {
  const known = new Set<string | number>()
  return values.findIndex((value) => known.size === known.add(value).size)
}

/** What is wrong with an experiment whose fields are right one by one: the way to it, and what was expected. */
const fault = (
  experiment: Experiment
): { readonly path: readonly string[]; readonly value: unknown; readonly expected: string } | undefined => {
  const { seeds, methods, densities = [1] } = experiment
  for (const [field, values] of Object.entries({ seeds, densities })) {
    const at = repeated(values)
    if (at >= 0)
      return { path: [field, `${at}`], value: values[at], expected: 'a number that is not there before' }
  }
  const count = seeds.length * methods.length * densities.length
  if (count > MOST_RUNS) return { path: [], value: count, expected: `at most ${MOST_RUNS} runs` }
  // names become files, some of them on systems that know no capitals
  const named = runsOf({ ...experiment, seeds: [0] })
  const at = repeated(named.map((run) => nameOf(run).toLowerCase()))
  if (at < 0) return undefined
  const { method } = named[at]!
  return {
    path: ['methods', `${methods.indexOf(method)}`, 'name'],
    value: labelOf(method),
    expected: 'a name that no other method has'
  }
}

/** A codec of experiments whose runs all have names of their own. */
export const Experiment: t.Type<Experiment, unknown> = new t.Type<Experiment, unknown>(
  Fields.name,
  Fields.is,
  (value, context) =>
    pipe(
      Fields.validate(value, context),
      E.flatMap((experiment) => {
        const found = fault(experiment)
        if (found === undefined) return t.success(experiment)
        const where = found.path.reduce(
          (path, step) => t.appendContext(path, step, t.unknown, found.value),
          context
        )
        return t.failure(found.value, where, found.expected)
      })
    ),
  t.identity
)

/** One run of an experiment. */
export interface RunSetting {
  /** The seed. */
  readonly seed: number
  /** How the mask is chosen. */
  readonly method: MethodSetting
  /** The fraction of the weights that it keeps. */
  readonly density: number
}

/** Whether a method keeps all weights, whatever the densities. */
const isWhole = (method: MethodSetting): boolean => roleOf(method) !== 'masked'

/** The runs of an experiment, seed by seed: dense ones first and once, each other method at every density. */
export const runsOf = plain(
  'experiment.runsOf',
  ({ seeds, methods, densities = [1] }: Experiment): readonly RunSetting[] => {
    const first = [...methods].sort((a, b) => Number(isWhole(b)) - Number(isWhole(a)))
    return seeds.flatMap((seed) =>
      first.flatMap((method) =>
        (isWhole(method) ? [1] : densities).map((density) => ({ seed, method, density }))
      )
    )
  }
)

/** The dense run that the others of its seed are compared with, where the experiment has one. */
const denseRunOf = ({ methods }: Experiment, { seed }: RunSetting): RunSetting | undefined => {
  const method = methods.find(({ kind }) => kind === 'dense')
  return method && { seed, method, density: 1 }
}

/** The name of a run, and of its files. */
export const nameOf = plain('experiment.nameOf', ({ seed, method, density }: RunSetting): string => {
  const label = labelOf(method).replaceAll(' ', '-')
  return isWhole(method) ? `${label}-seed${seed}` : `${label}-${density}-seed${seed}`
})

/** The name of the file in which a phase of a run saves its checkpoints. */
export const checkpointName = (run: RunSetting, phase: string): string => `${nameOf(run)}.${phase}.checkpoint`

/** The dense run whose training a run is measured beside, so that it waits for it. */
export const followedRunOf = (experiment: Experiment, run: RunSetting): RunSetting | undefined =>
  experiment.measures === undefined || run.method.kind === 'dense' ? undefined : denseRunOf(experiment, run)

/** For each run of an experiment the place of the one that it waits for. */
export const orderOf = (experiment: Experiment): RunOrder => {
  const runs = runsOf(experiment)
  const places = new Map(runs.map((run, place) => [nameOf(run), place]))
  return runs.map((run) => {
    const followed = followedRunOf(experiment, run)
    return followed && places.get(nameOf(followed))
  })
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
