import type { Experiment } from './experiment.js'

/** What of the bundled experiment can be set. */
export interface DigitsOptions {
  /** The seeds, one run of each method for each. */
  readonly seeds: Experiment['seeds']
  /** The fraction of the weights that every mask keeps. */
  readonly density: number
  /** The L∞ radius of the attacks, pixels being in [0, 1]. */
  readonly epsilon: number
  /** Epochs of each training. */
  readonly epochs: number
  /** Steps of the search for the ticket. */
  readonly searchSteps: number
  /** The weight of the output term of the search. */
  readonly outputWeight: number
}

/** The setting for which the README has the numbers. */
export const digitsDefaults: DigitsOptions = {
  seeds: [0],
  density: 0.2,
  epsilon: 0.1,
  epochs: 60,
  searchSteps: 300,
  outputWeight: 0
}

/** The bundled experiment, which `npx tangentflow` runs: masks of a small network on handwritten digits under L∞ attacks. */
export const digits = (options: Partial<DigitsOptions> = {}): Experiment => {
  const { seeds, density, epsilon, epochs, searchSteps, outputWeight } = { ...digitsDefaults, ...options }
  return {
    name: 'digits',
    data: { set: 'digits', validation: 0 },
    network: { kind: 'mlp', hidden: [128, 64] },
    seeds,
    methods: [
      { kind: 'dense' },
      { kind: 'ticket', steps: searchSteps, c: outputWeight },
      { kind: 'kernelTrace' },
      { kind: 'snip' },
      { kind: 'random' },
      { kind: 'magnitude' }
    ],
    densities: [density],
    training: {
      epochs,
      batch: 64,
      optimiser: { kind: 'momentum', decay: 0.9 },
      schedule: { kind: 'cosine', rate: 0.1 },
      attack: { kind: 'pgd', epsilon, steps: 7, relativeStep: 2.5 }
    },
    evaluation: {
      epsilon,
      batch: 200,
      attacks: [{ kind: 'pgd', steps: 20, relativeStep: 2.5, restarts: 2 }]
    },
    measures: { kernelImages: 24, dynamicsImages: 200, checkpoints: 20 }
  }
}
