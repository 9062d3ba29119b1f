/** The numbers start, start + 1, …, as many as `length`. */
export const range = (start: number, length: number): readonly number[] =>
  Array.from({ length }, (_, i) => start + i)

/** The mean of some numbers. */
export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length
