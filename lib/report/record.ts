import * as t from 'io-ts'
import { Distances, LayerCount } from '../experiment/record.js'

const numbers = t.readonlyArray(t.number)

/** How one way to choose a mask (or none, for dense) did on one seed. Accuracies are shares in [0, 1]. */
export const MethodResult = t.readonly(
  t.type({
    /** `dense`, or the name of the mask. */
    method: t.string,
    /** Share of the weights that are kept, biases not counted. */
    density: t.number,
    /** Test accuracy on the images as they are, and under attack. */
    clean: t.number,
    robust: t.number,
    /** ‖Θₘ − Θ‖ / ‖Θ‖ (Frobenius) of the restricted mixed kernel at initialisation, on images kept out. */
    kernel: t.number,
    /** ‖fₘ − f‖ / ‖f‖ of the logits on the same attacked images at initialisation. */
    output: t.number,
    /** Mean over the checkpoints of `trajectory`. */
    dynamics: t.number,
    /** Relative L2 distance of the logits on fixed attacked test images to the dense run's, a checkpoint each. */
    trajectory: numbers,
    /** Mean adversarial training loss of each epoch. */
    losses: numbers,
    layers: t.readonlyArray(LayerCount),
    /** Kept first-layer weights of each input pixel, summed over the outputs. */
    pixels: numbers
  })
)
export type MethodResult = t.TypeOf<typeof MethodResult>

/** What the search did: distances to dense on its own batches along the way, and on images kept out at both ends. */
export const SearchResult = t.readonly(
  t.type({
    /** The steps at which `kernel` and `output` were noted. */
    steps: numbers,
    kernel: numbers,
    output: numbers,
    before: Distances,
    after: Distances
  })
)
export type SearchResult = t.TypeOf<typeof SearchResult>

/** One seed of a comparison: its search, and every method. */
export const SeedResult = t.readonly(
  t.type({
    seed: t.number,
    seconds: t.number,
    search: SearchResult,
    methods: t.readonlyArray(MethodResult)
  })
)
export type SeedResult = t.TypeOf<typeof SeedResult>

/** All that a run found, as in `result.json`: the report and the table are functions of it. */
export const RunRecord = t.readonly(
  t.type({
    config: t.readonly(t.record(t.string, t.unknown)),
    executed: t.readonly(t.type({ engine: t.string, backend: t.string, threads: t.number })),
    seconds: t.number,
    /** The epochs after which `trajectory` was noted. */
    checkpoints: numbers,
    seeds: t.readonlyArray(SeedResult)
  })
)
export type RunRecord = t.TypeOf<typeof RunRecord>
