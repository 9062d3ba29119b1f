/** The learning rate of step 0 … total−1. */
export type Schedule = (step: number, total: number) => number

/** The same rate throughout. */
export const constant =
  (rate: number): Schedule =>
  () =>
    rate

/** From the peak to `end` along half a cosine (Loshchilov and Hutter, arXiv:1608.03983, without restarts). */
export const cosine =
  (peak: number, end = 0): Schedule =>
  (step, total) =>
    end + 0.5 * (peak - end) * (1 + Math.cos((Math.PI * step) / total))
