/** The training of the small experiments of specs: two epochs of a warmed-up attack, a half of each batch clean. */
export const smallTraining = {
  epochs: 2,
  batch: 50,
  optimiser: { kind: 'momentum', decay: 0.9 },
  schedule: { kind: 'cosine', rate: 0.1 },
  attack: { kind: 'pgd', epsilon: 0.05, steps: 2, relativeStep: 2, warmUp: 3, clean: 0.5 }
} as const
