/** Steps of the bisection: each halves the interval, and a double has 53 bits. */
const HALVINGS = 60

/**
 * P(|T| < √ν tan θ) of Student's t with ν whole degrees of freedom, a finite sum in θ: Abramowitz and Stegun, Handbook of
 * Mathematical Functions, 26.7.3 (ν odd) and 26.7.4 (ν even).
 */
const within = (degrees: number, theta: number): number => {
  const cosine = Math.cos(theta)
  const odd = degrees % 2 === 1
  const terms = Math.floor(degrees / 2)
  let [term, sum] = [odd ? cosine : 1, 0]
  for (let i = 1; i <= terms; i++) {
    sum += term
    term *= cosine ** 2 * (odd ? (2 * i) / (2 * i + 1) : (2 * i - 1) / (2 * i))
  }
  return odd ? (2 / Math.PI) * (theta + Math.sin(theta) * sum) : Math.sin(theta) * sum
}

/**
 * The t with P(|T| < t) = `level` for Student's t with so many degrees of freedom (whole, at least 1): the half-width,
 * in standard errors, of a two-sided interval. 12.706 for 1 degree and a level of 0.95, the normal's 1.960 for many.
 */
export const studentQuantile = (degrees: number, level: number): number => {
  let [low, high] = [0, Math.PI / 2]
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2
    if (within(degrees, middle) < level) low = middle
    else high = middle
  }
  return Math.sqrt(degrees) * Math.tan((low + high) / 2)
}
