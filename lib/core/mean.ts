/** The mean of some numbers; of equal ones it is that number, whatever rounding makes of their sum. */
export const mean = ([first = NaN, ...more]: readonly number[]): number =>
  more.every((value) => value === first)
    ? first
    : more.reduce((sum, value) => sum + value, first) / (more.length + 1)
