/** A mean and, of two or more values, their standard deviation (with n − 1). */
export interface Summary {
  readonly mean: number
  readonly sd: number | undefined
}

export const summarise = (values: readonly number[]): Summary => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { mean, sd: values.length < 2 ? undefined : Math.sqrt(squares / (values.length - 1)) }
}

/** The i-th summary is over the i-th values of all the lists; as many as the shortest list has. */
export const summariseCurves = (curves: readonly (readonly number[])[]): readonly Summary[] =>
  Array.from({ length: Math.min(...curves.map((curve) => curve.length)) }, (_, i) =>
    summarise(curves.map((curve) => curve[i]!))
  )

/** `86.9 ± 0.7`, or the mean alone where there is one seed. */
export const show = (digits: number, { mean, sd }: Summary): string =>
  mean.toFixed(digits) + (sd === undefined ? '' : ` ± ${sd.toFixed(digits)}`)

/** Accuracies as percentages. */
export const percent = (shares: readonly number[]): Summary => summarise(shares.map((share) => 100 * share))

/** About so many points of a noisy curve are shown, each the mean of a block of steps. */
const POINTS = 50

/** How many steps of a curve so long are shown as one point, and the means of a curve's blocks of that size. */
export const blocksOf = (
  length: number
): { readonly size: number; readonly smooth: (curve: readonly number[]) => readonly number[] } => {
  const size = Math.max(1, Math.ceil(length / POINTS))
  return {
    size,
    smooth: (curve) =>
      Array.from(
        { length: Math.ceil(curve.length / size) },
        (_, i) => summarise(curve.slice(i * size, (i + 1) * size)).mean
      )
  }
}
