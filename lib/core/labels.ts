import type { NdArray } from './ndarray.js'

/** The place of the first label that is not a whole number in [0, classes), or −1. */
export const strayLabel = ({ data }: NdArray, classes: number): number =>
  data.findIndex((label) => !(Number.isInteger(label) && label >= 0 && label < classes))
