/**
 * One comparison of masks, but for its seed. The defaults are the setting in which the reference numbers of the search were
 * measured: UCI digits, a small network, L∞ attacks.
 */
export interface Setting {
  /** Hidden widths; the data give the first and the last. */
  readonly hidden: readonly number[]
  /** Share of the weights that every mask keeps. */
  readonly density: number
  /** L∞ radius of every attack, pixels being in [0, 1]. */
  readonly epsilon: number
  readonly epochs: number
  readonly batch: number
  /** SGD: the rate at the start of a cosine to 0, and the momentum. */
  readonly rate: number
  readonly momentum: number
  /** PGD steps in training and in the search, of 2.5 ε / steps each, from a random start. */
  readonly attackSteps: number
  /** PGD steps and restarts of the test, of the same step rule. */
  readonly testSteps: number
  readonly testRestarts: number
  /** Training images on which a mask is scored at initialisation. */
  readonly scoreImages: number
  readonly searchSteps: number
  /** Clean and attacked images of a search step, each. */
  readonly searchBatch: number
  /** Adam's rate at the start of its cosine. */
  readonly searchRate: number
  /** Weights of the kernel and of the output term in the search's loss, γ and c. */
  readonly kernelWeight: number
  readonly outputWeight: number
  /** Test images of the kernel distance: clean ones, and as many others under attack. */
  readonly kernelImages: number
  /** Attacked test images on which trainings are compared, and how often. */
  readonly dynamicsImages: number
  readonly checkpoints: number
}

export const defaults: Setting = {
  hidden: [128, 64],
  density: 0.2,
  epsilon: 0.1,
  epochs: 60,
  batch: 64,
  rate: 0.1,
  momentum: 0.9,
  attackSteps: 7,
  testSteps: 20,
  testRestarts: 2,
  scoreImages: 512,
  searchSteps: 300,
  searchBatch: 128,
  searchRate: 0.02,
  kernelWeight: 1,
  outputWeight: 0,
  kernelImages: 24,
  dynamicsImages: 200,
  checkpoints: 20
}
