/**
 * What a concrete kernel shows, in float64 on the host: kernels [n, m], [n, m, o] or [n, m, o, o] go in, eigenvalues, ranks,
 * residuals and similarities come out. gram.ts checks kernels and turns the three layouts into matrices, spectrum.ts has
 * their eigenvalues, what those say of one kernel, and functions of them; alignment.ts compares two kernels. A new measure
 * of one kernel goes into spectrum.ts, of two into alignment.ts.
 */
export * from './alignment.js'
export {
  effectiveRank,
  type ModeResidual,
  modeResiduals,
  type RankMeasure,
  spectrum,
  type Spectrum,
  type ToleranceOptions
} from './spectrum.js'
