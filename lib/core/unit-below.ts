/** The largest power of 2 that is at most a number; 1 for 0 and for what is not finite. To divide by it rounds nothing. */
export const unitBelow = (largest: number): number => {
  const exponent = Math.floor(Math.log2(Math.abs(largest)))
  return Number.isFinite(exponent) ? 2 ** Math.max(-1022, Math.min(1023, exponent)) : 1
}
