/** start, start + 1, … of the given number. */
export const places = (start: number, length: number): readonly number[] =>
  Array.from({ length }, (_, i) => start + i)

/** The mean of some numbers. */
export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

/** A number as records have it: seven significant digits are what float32 has. */
export const rounded = (value: number): number => Number(value.toPrecision(7))
