import type { ExperimentRecord, ExperimentRun } from '../../lib/experiment/experiment-record.js'

type Measures = NonNullable<ExperimentRun['measures']>

const METHODS = [
  'dense',
  'random',
  'magnitude',
  'snip',
  'grasp',
  'synflow',
  'kernelTrace',
  'ticket c=1',
  'three-stage'
] as const
type Method = (typeof METHODS)[number]

/** How much there is in a sample. */
export interface SampleOptions {
  readonly seeds: number
  readonly methods: number
  readonly densities: readonly number[]
}

/** Numbers in [−1, 1] that look like noise and are the same each time. */
const noise = (...at: readonly number[]): number =>
  Math.sin(at.reduce((sum, one, i) => sum + one * (12.9898 + 65.1 * i), 1) * 43.5)

/** How far a method is from dense: the later in the list the nearer, and the nearer the more weights it keeps. */
const distanceOf = (place: number, density: number, seed: number): number =>
  Math.max(0.05, (1 - 0.09 * place) * (1.1 - density) + 0.03 * noise(place, seed, density))

const measuresOf = (method: Method, place: number, density: number, seed: number): Measures => {
  const isDense = method === 'dense'
  const kernel = isDense ? 0 : distanceOf(place, density, seed)
  const totals = [235200, 30000, 1000]
  const common: Measures = {
    layers: totals.map((total, i) => ({
      total,
      kept: isDense ? total : Math.round(total * Math.min(1, density * (0.8 + 0.9 * i)))
    })),
    cost: {
      flops: 532400 * density + 820,
      bytes: isDense ? 1066440 : 1066440 * density * 1.1,
      denseFlops: 533220,
      denseBytes: 1066440
    },
    kernel: {
      eigenvalues: Array.from(
        { length: 40 },
        (_, i) => (1000 * (1 - kernel / 2)) / (i + 1) ** (1.2 + kernel)
      ),
      effectiveRank: 12 - 4 * kernel,
      labelAlignment: 0.3 - 0.1 * kernel,
      denseAlignment: 1 - kernel / 3
    }
  }
  if (isDense) return common
  const epochs = method === 'three-stage' ? [6, 7, 8, 9, 10] : Array.from({ length: 10 }, (_, i) => i + 1)
  return {
    ...common,
    pixels: Array.from({ length: 784 }, (_, i) => {
      const [x, y] = [(i % 28) - 13.5, Math.floor(i / 28) - 13.5]
      return Math.max(
        0,
        Math.round(300 * density * Math.exp(-(x * x + y * y) / (60 + 20 * place)) + 2 * noise(i))
      )
    }),
    distance: { kernel, output: 1.2 * kernel },
    epochs,
    trajectory: epochs.map(
      (epoch) =>
        0.8 * kernel * (1 - Math.exp(-epoch / 3)) +
        0.02 * noise(epoch, place, seed) +
        0.06 * (1 + noise(seed, place, 7))
    ),
    ...(method === 'ticket c=1'
      ? {
          search: {
            steps: Array.from({ length: 120 }, (_, i) => 5 * i),
            kernel: Array.from(
              { length: 120 },
              (_, i) => kernel * (1 + Math.exp(-i / 20)) + 0.02 * noise(i, seed)
            ),
            output: Array.from({ length: 120 }, (_, i) => kernel * (1.2 + Math.exp(-i / 40))),
            flips: Array.from({ length: 120 }, (_, i) => [120 - i, 60, 3]),
            before: { kernel: 2 * kernel, output: 2.2 * kernel },
            after: { kernel, output: 1.2 * kernel }
          }
        }
      : {})
  }
}

const runOf = (method: Method, density: number, seed: number): ExperimentRun => {
  const place = METHODS.indexOf(method)
  const lost = method === 'dense' ? 0 : 0.2 * distanceOf(place, density, seed)
  const robust = 0.884 - lost + 0.006 * noise(seed, 3)
  return {
    seed,
    method,
    density,
    setting: { seed, method: { kind: method }, density },
    training: {
      steps: 4300,
      losses: Array.from({ length: 10 }, (_, i) => 0.4 + 2 * Math.exp(-i / 3) + lost),
      validations: Array.from(
        { length: method === 'three-stage' ? 5 : 10 },
        (_, i) => robust - 0.4 * Math.exp(-i / 2)
      ),
      epoch: 10
    },
    robustness: {
      count: 10000,
      clean: 0.985 - lost / 4 + 0.001 * noise(seed),
      robust,
      attacks: ['PGD-20×2', 'APGD-50', 'Square-500'].map((name, i) => ({
        name,
        kind: 'white box',
        attacked: 9000,
        broken: 700,
        robust: robust + 0.004 * (2 - i),
        zeroGradients: 0,
        nonFiniteGradients: 0
      })),
      classes: Array.from({ length: 10 }, (_, label) => ({ label, count: 1000, clean: 0.98, robust })),
      flags: []
    },
    executed: { engine: 'onnx:native', backend: 'onnxruntime-node 1.30.0', threads: 2 },
    measures: measuresOf(method, place, density, seed),
    seconds: { mask: method === 'dense' ? 0 : 2 + 5 * place, training: 95.5, tests: 41.25 },
    overEpsilon: [0, 0.05, 0.1, 0.15].map((epsilon) => ({ epsilon, robust: robust * (1 - epsilon) }))
  }
}

/** A record like those of `npm start -- experiment`, with all that is measured. */
export const experimentSample = ({ seeds, methods, densities }: SampleOptions): ExperimentRecord => ({
  name: 'Tickets on MNIST',
  command: 'npm start -- experiment bench/experiments/tickets.json',
  experiment: { name: 'Tickets on MNIST', densities, network: { kind: 'lenet300100' } },
  runs: Array.from({ length: seeds }, (_, seed) => seed).flatMap((seed) =>
    METHODS.slice(0, methods).flatMap((method) =>
      (method === 'dense' ? [1] : densities).map((density) => runOf(method, density, seed))
    )
  )
})

/** The record without what older ones lack. */
export const withoutMeasures = (record: ExperimentRecord): ExperimentRecord => ({
  ...record,
  runs: record.runs.map(({ seed, method, density, setting, training, robustness, executed }) => ({
    seed,
    method,
    density,
    setting,
    training,
    robustness,
    executed
  }))
})
