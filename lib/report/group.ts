import { mean } from '../core/mean.js'
import type { ExperimentRecord, ExperimentRun } from '../experiment/experiment-record.js'
import { type Role, roleOf } from '../experiment/methods/index.js'
import type { Seeded } from './estimate.js'

/** Runs that differ in their seed alone. */
export interface Group {
  readonly name: string
  readonly method: string
  readonly density: number
  readonly role: Role
  readonly runs: readonly ExperimentRun[]
}

/** A number that a run has, or undefined where it was not measured. */
export type Measure = (run: ExperimentRun) => number | undefined

/** `5 %`, without the noise of a product in binary. */
export const percentOf = (share: number): string => `${Number((100 * share).toPrecision(4))} %`

/** What a group is called: `snip, 5 %`, or the method alone where all weights are kept. */
export const groupName = ({ method, density }: Pick<ExperimentRun, 'method' | 'density'>): string =>
  density === 1 ? method : `${method}, ${percentOf(density)}`

const isDense = ({ role }: Group): boolean => role === 'dense'

/** The groups of some runs: dense first, then from the most weights to the fewest, methods in their order. */
export const groupsOf = ({ runs }: Pick<ExperimentRecord, 'runs'>): readonly Group[] => {
  const isAlike = (a: ExperimentRun) => (b: ExperimentRun) => a.method === b.method && a.density === b.density
  const groups = runs
    .filter((run, i) => runs.findIndex(isAlike(run)) === i)
    .map((run): Group => {
      const { method, density, setting } = run
      return {
        name: groupName(run),
        method,
        density,
        role: roleOf(setting['method']),
        runs: runs.filter(isAlike(run))
      }
    })
  return [
    ...groups.filter(isDense),
    ...groups.filter((one) => !isDense(one)).sort((a, b) => b.density - a.density)
  ]
}

/** The methods of one density, and the dense network to compare them with. */
export interface Level {
  readonly density: number
  readonly dense: Group | undefined
  readonly masked: readonly Group[]
  /** The controls, then the masked ones: all that are compared with the dense network. */
  readonly others: readonly Group[]
  /** Dense, then the others. */
  readonly all: readonly Group[]
}

/** The masked groups density by density, from the most weights to the fewest; one level of none where all is dense. */
export const levelsOf = (record: Pick<ExperimentRecord, 'runs'>): readonly Level[] => {
  const groups = groupsOf(record)
  const dense = groups.find(isDense)
  const masked = groups.filter(({ role }) => role === 'masked')
  const controls = groups.filter(({ role }) => role === 'control')
  const densities = masked.length === 0 && dense !== undefined ? [1] : masked.map(({ density }) => density)
  return [...new Set(densities)].map((density) => {
    const same = masked.filter((one) => one.density === density)
    const others = [...controls, ...same]
    return { density, dense, masked: same, others, all: dense === undefined ? others : [dense, ...others] }
  })
}

/** A measure of each run that has it, with its seed. */
export const seededOf = ({ runs }: Group, of: Measure): readonly Seeded[] =>
  runs.flatMap((run) => {
    const value = of(run)
    return value === undefined ? [] : [{ seed: run.seed, value }]
  })

/** A measure of each run that has it. */
export const valuesOf = (group: Group, of: Measure): readonly number[] =>
  seededOf(group, of).map(({ value }) => value)

/** A fraction as a percentage. */
export const percentage =
  (of: Measure): Measure =>
  (run) => {
    const share = of(run)
    return share === undefined ? undefined : 100 * share
  }

/** Accuracy on the images as they are, in per cent. */
export const cleanPercent: Measure = percentage(({ robustness }) => robustness.clean)

/** Accuracy under all attacks together, in per cent. */
export const robustPercent: Measure = percentage(({ robustness }) => robustness.robust)

/** The relative distance of the kernel to the dense one at the start. */
export const kernelDistance: Measure = ({ measures }) => measures?.distance?.kernel

/** The mean of the distances to the dense run's logits along training. */
export const dynamics: Measure = ({ measures }) =>
  measures?.trajectory === undefined || measures.trajectory.length === 0
    ? undefined
    : mean(measures.trajectory)
