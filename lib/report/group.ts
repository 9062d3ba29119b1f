import type { Seeded } from './estimate.js'
import type { ExperimentRecord, ExperimentRun } from '../experiment/record.js'

/** Runs that differ in their seed alone. */
export interface Group {
  readonly name: string
  readonly method: string
  readonly density: number
  readonly runs: readonly ExperimentRun[]
}

/** What a run says of something, or nothing where it was not measured. */
export type Measure = (run: ExperimentRun) => number | undefined

/** `5 %`, without the noise of a product in binary. */
export const percentOf = (share: number): string => `${Number((100 * share).toPrecision(4))} %`

/** The groups of some runs: dense first, then from the most weights to the fewest, methods in their order. */
export const groupsOf = ({ runs }: Pick<ExperimentRecord, 'runs'>): readonly Group[] => {
  const nameOf = ({ method, density }: ExperimentRun): string =>
    density === 1 ? method : `${method}, ${percentOf(density)}`
  const groups = [...new Set(runs.map(nameOf))].flatMap((name): readonly Group[] => {
    const same = runs.filter((run) => nameOf(run) === name)
    return same[0] === undefined
      ? []
      : [{ name, method: same[0].method, density: same[0].density, runs: same }]
  })
  const isDense = ({ method }: Group): boolean => method === 'dense'
  return [
    ...groups.filter(isDense),
    ...groups.filter((one) => !isDense(one)).sort((a, b) => b.density - a.density)
  ]
}

/** The groups of one density, and the dense one's to put beside them. */
export interface Level {
  readonly density: number
  readonly masked: readonly Group[]
  readonly dense: Group | undefined
}

/** The masked groups density by density, from the most weights to the fewest; one level of none where all is dense. */
export const levelsOf = (record: Pick<ExperimentRecord, 'runs'>): readonly Level[] => {
  const groups = groupsOf(record)
  const masked = groups.filter(({ method }) => method !== 'dense')
  const dense = groups.find(({ method }) => method === 'dense')
  const densities = masked.length === 0 && dense !== undefined ? [1] : masked.map(({ density }) => density)
  return [...new Set(densities)].map((density) => ({
    density,
    masked: masked.filter((one) => one.density === density),
    dense
  }))
}

/** The methods of one density, dense first. */
export const besideDense = ({ masked, dense }: Level): readonly Group[] =>
  dense === undefined ? masked : [dense, ...masked]

/** A measure of each run that has it. */
export const valuesOf = ({ runs }: Group, of: Measure): readonly number[] =>
  runs.map(of).filter((value) => value !== undefined)

/** A measure of each run that has it, with its seed. */
export const seededOf = ({ runs }: Group, of: Measure): readonly Seeded[] =>
  runs.flatMap((run) => {
    const value = of(run)
    return value === undefined ? [] : [{ seed: run.seed, value }]
  })

/** The relative distance of the kernel to the dense one at the start. */
export const kernelDistance: Measure = ({ measures }) => measures?.distance?.kernel

/** The mean of the distances to the dense run's logits along training. */
export const dynamics: Measure = ({ measures }) => {
  const { trajectory = [] } = measures ?? {}
  return trajectory.length === 0
    ? undefined
    : trajectory.reduce((sum, value) => sum + value, 0) / trajectory.length
}

/** Accuracy under all attacks together, in per cent. */
export const robustPercent: Measure = ({ robustness }) => 100 * robustness.robust
