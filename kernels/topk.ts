import { ravel } from './coordinate.js'
import type { Kernel, KernelBackend } from './kernel.js'
import { layouts } from './layout.js'
import { pointwise } from './pointwise.js'
import type { ScalarName } from './scalar.js'
import { literal, type Value } from './value.js'

/** Rows of `size` scores, of which the k largest are wanted. */
export interface TopK {
  readonly rows: number
  readonly size: number
  readonly k: number
}

/** The largest float32. */
export const LARGEST = '3.4028234663852886e38'

/** Halvings that usual scores need, for estimates. */
const USUAL_HALVINGS = 32

/** Halvings of the range of float32 until no number is left between its ends. */
const HALVINGS = 300

/**
 * threshold[row] = the k-th largest score of the row, exactly. The invariant of the bisection is
 * #{x ≥ low} ≥ k > #{x ≥ high}; it ends when no float lies between the ends, and then low is that score. A NaN passes no
 * comparison: it is never among the largest, and where fewer than k numbers are there, all of them are.
 *
 * Access: a cell walks its row once a halving. Cost: rows × size × halvings (25 to 40 for usual scores).
 */
export const threshold = ({ rows, size, k }: TopK, array: number): Kernel => ({
  name: 'threshold',
  output: [rows],
  components: 1,
  divides: 0,
  arrays: [array],
  cost: { flops: (3 + USUAL_HALVINGS) * size, loads: (2 + USUAL_HALVINGS) * size },
  source: `function (a0) {
let start = this.output.x; start++; start = this.thread.x * ${size};
let p = this.output.x; p++; p = start;
let low = ${LARGEST};
let high = -${LARGEST};
for (let s = 0; s < ${size}; s++) {
low = ((a0[p] < low) ? a0[p] : low);
high = ((a0[p] > high) ? a0[p] : high);
p++;
}
let top = 0;
p = start;
for (let s = 0; s < ${size}; s++) {
top = top + ((a0[p] >= high) ? 1 : 0);
p++;
}
if (top >= ${k}) { low = high; }
for (let h = 0; h < ${HALVINGS}; h++) {
let middle = low * 0.5 + high * 0.5;
if (middle > low) {
if (middle < high) {
let above = 0;
p = start;
for (let s = 0; s < ${size}; s++) {
above = above + ((a0[p] >= middle) ? 1 : 0);
p++;
}
if (above >= ${k}) { low = middle; } else { high = middle; }
}
}
}
return low;
}`
})

/**
 * last[row] = the position of the last score equal to the threshold that still belongs to the k largest: of equal scores
 * the first come first. Cost: two walks over the row.
 */
export const lastTie = ({ rows, size, k }: TopK, array: number, thresholds: number): Kernel => ({
  name: 'lastTie',
  output: [rows],
  components: 1,
  divides: 0,
  arrays: [array, thresholds],
  cost: { flops: 3 * size, loads: 2 * size },
  source: `function (a0, a1) {
let start = this.output.x; start++; start = this.thread.x * ${size};
let p = this.output.x; p++; p = start;
let t = a1[this.thread.x];
let left = ${k};
for (let s = 0; s < ${size}; s++) {
left = left - ((a0[p] > t) ? 1 : 0);
p++;
}
let last = -1;
let at = 0;
p = start;
for (let s = 0; s < ${size}; s++) {
if (a0[p] === t) {
if (left > 0) { last = at; left = left - 1; }
}
at = at + 1;
p++;
}
return last;
}`
})

/** mask[row, i] = 1 where the score is above the threshold, or equal to it and not behind the last tie. */
export const topKMask = (
  { rows, size }: TopK,
  array: number,
  thresholds: number,
  lasts: number,
  backend: KernelBackend
): Kernel => {
  const [layout] = layouts([rows, size], backend)
  const { output, coordinates } =
    backend === 'cpu' || rows === 1 ? layout! : layouts([rows, size], backend).at(-1)!
  const [row, column] = coordinates
  const score: Value = { kind: 'load', array, at: ravel(coordinates, [rows, size]) }
  const limit: Value = { kind: 'load', array: thresholds, at: row! }
  const last: Value = { kind: 'load', array: lasts, at: row! }
  const apply = (fn: ScalarName, ...args: readonly Value[]): Value => ({ kind: 'apply', fn, args })
  const tie = apply('lessEqual', { kind: 'position', at: column! }, last)
  const below = apply('select', apply('equal', score, limit), tie, literal(0))
  return pointwise(
    { output, value: apply('select', apply('less', limit, score), literal(1), below) },
    backend
  )
}
