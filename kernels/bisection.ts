import type { Kernel, KernelBackend } from './kernel.js'
import { integerLocal, whole } from './literal.js'
import { LARGEST, type TopK } from './topk.js'

// The k largest of long rows on GPUs, where one cell must not walk a row again and again: every walk is a step over chunks of
// the row. The bounds of the bisection lie in one array, the lower ones of all rows before the upper ones.

/**
 * Steps until no float is left between the bounds, whatever the scores: at most one to find the sign, 8 to halve the 254
 * exponents, 26 to halve what lies within a factor of 4.
 */
export const ROUNDS = 36

/** The smallest normal float32: GPUs take what is below to be 0. */
const TINY = '1.1754943508222875e-38'

/** How a row is cut: chunks of `length` elements, the last one possibly shorter. */
interface Cut {
  readonly length: number
  readonly chunks: number
}

const cutOf = ({ size }: TopK): Cut => {
  const length = Math.ceil(Math.sqrt(size))
  return { length, chunks: Math.ceil(size / length) }
}

interface Text {
  readonly name: string
  readonly output: readonly number[]
  readonly arrays: readonly number[]
  readonly work: number
  readonly body: readonly string[]
}

const kernel = ({ name, output, arrays, work, body }: Text): Kernel => ({
  name,
  output,
  arrays,
  components: 1,
  divides: 0,
  cost: { flops: work, loads: work },
  source: [`function (${arrays.map((_, i) => `a${i}`).join(', ')}) {`, ...body, '}'].join('\n')
})

/** A walk over the chunk of a cell [chunk, row]: `each` sees the element at `p`, inside the row only. */
const walk = ({ size }: TopK, { length }: Cut, each: string): readonly string[] => [
  integerLocal('at', `this.thread.x * ${length}`),
  integerLocal('p', `this.thread.y * ${size} + this.thread.x * ${length}`),
  `for (let s = 0; s < ${length}; s++) {`,
  `if (at < ${size}) {`,
  'let x = a0[p];',
  each,
  '}',
  'p++;',
  'at++;',
  '}'
]

/** The middle of two bounds: the geometric one where they differ in their exponents, so that few steps are enough. */
const middle: readonly string[] = [
  'let middle = low * 0.5 + high * 0.5;',
  'if (low >= 0) {',
  `let least = Math.max(low, ${TINY});`,
  'if (high * 0.25 > least) { middle = Math.sqrt(least) * Math.sqrt(high); }',
  '} else {',
  'if (high <= 0) {',
  `let most = Math.min(high, -${TINY});`,
  'if (low * 0.25 < most) { middle = -(Math.sqrt(-most) * Math.sqrt(-low)); }',
  '} else { middle = 0; }',
  '}'
]

/** [least, largest] of every chunk: output [chunks, rows, 2]. Access: every element once, a chunk a cell. */
export const chunkBounds = (top: TopK, scores: number): Kernel => {
  const cut = cutOf(top)
  return kernel({
    name: 'chunkBounds',
    output: [cut.chunks, top.rows, 2],
    arrays: [scores],
    work: cut.length,
    body: [
      `let low = ${LARGEST};`,
      `let high = -${LARGEST};`,
      ...walk(top, cut, 'low = ((x < low) ? x : low);\nhigh = ((x > high) ? x : high);'),
      'return ((this.thread.z < 1) ? low : high);'
    ]
  })
}

/** The bounds to start from: the least score of a row, and a number above its largest. Output [rows, 2]. */
export const firstBounds = (top: TopK, bounds: number): Kernel => {
  const { chunks } = cutOf(top)
  const { rows } = top
  return kernel({
    name: 'firstBounds',
    output: [rows, 2],
    arrays: [bounds],
    work: chunks,
    body: [
      `let low = ${LARGEST};`,
      `let high = -${LARGEST};`,
      integerLocal('p', `this.thread.x * ${chunks}`),
      `for (let s = 0; s < ${chunks}; s++) {`,
      'let x = a0[p];',
      `let y = a0[p + ${rows * chunks}];`,
      'low = ((x < low) ? x : low);',
      'high = ((y > high) ? y : high);',
      'p++;',
      '}',
      `let above = Math.min(high + Math.abs(high) * 0.0000005 + ${TINY}, ${LARGEST});`,
      'return ((this.thread.y < 1) ? low : above);'
    ]
  })
}

/** How many scores of a chunk are not below the middle of its row's bounds. Output [chunks, rows]. */
export const countAbove = (top: TopK, scores: number, bounds: number): Kernel => {
  const cut = cutOf(top)
  return kernel({
    name: 'countAbove',
    output: [cut.chunks, top.rows],
    arrays: [scores, bounds],
    work: cut.length,
    body: [
      'let low = a1[this.thread.y];',
      integerLocal('q', `this.thread.y + ${top.rows}`),
      'let high = a1[q];',
      ...middle,
      'let above = 0;',
      ...walk(top, cut, 'above = above + ((x >= middle) ? 1 : 0);'),
      'return above;'
    ]
  })
}

/** The next bounds: the half that holds the k-th largest score, as long as a float is left between. Output [rows, 2]. */
export const nextBounds = (top: TopK, bounds: number, counts: number): Kernel => {
  const { chunks } = cutOf(top)
  return kernel({
    name: 'nextBounds',
    output: [top.rows, 2],
    arrays: [bounds, counts],
    work: chunks,
    body: [
      'let low = a0[this.thread.x];',
      integerLocal('q', `this.thread.x + ${top.rows}`),
      'let high = a0[q];',
      ...middle,
      'let above = 0;',
      integerLocal('p', `this.thread.x * ${chunks}`),
      `for (let s = 0; s < ${chunks}; s++) {`,
      'above = above + a1[p];',
      'p++;',
      '}',
      'if (middle > low) {',
      'if (middle < high) {',
      `if (above >= ${top.k}) { low = middle; } else { high = middle; }`,
      '}',
      '}',
      'return ((this.thread.y < 1) ? low : high);'
    ]
  })
}

/** How many scores of a chunk are above the threshold, and how many equal it. Output [chunks, rows, 2]. */
export const tally = (top: TopK, scores: number, bounds: number): Kernel => {
  const cut = cutOf(top)
  return kernel({
    name: 'tally',
    output: [cut.chunks, top.rows, 2],
    arrays: [scores, bounds],
    work: 2 * cut.length,
    body: [
      'let t = a1[this.thread.y];',
      'let above = 0;',
      'let equal = 0;',
      ...walk(top, cut, 'above = above + ((x > t) ? 1 : 0);\nequal = equal + ((x === t) ? 1 : 0);'),
      'return ((this.thread.z < 1) ? above : equal);'
    ]
  })
}

/** As {@link lastTie} of `kernels/topk.ts`: walks the chunks, then the one that holds the last tie to keep. */
export const lastTieOf = (
  top: TopK,
  scores: number,
  bounds: number,
  tallies: number,
  backend: KernelBackend
): Kernel => {
  const { length, chunks } = cutOf(top)
  const { rows, size, k } = top
  return kernel({
    name: 'lastTie',
    output: [rows],
    arrays: [scores, bounds, tallies],
    work: 2 * chunks + length,
    body: [
      'let t = a1[this.thread.x];',
      `let left = ${k};`,
      integerLocal('p', `this.thread.x * ${chunks}`),
      `for (let s = 0; s < ${chunks}; s++) {`,
      'left = left - a2[p];',
      'p++;',
      '}',
      'let seen = 0;',
      'let before = 0;',
      'let start = 0;',
      'let here = 0;',
      `for (let s = 0; s < ${chunks}; s++) {`,
      'let ties = a2[p + ' + `${(rows - 1) * chunks}` + '];',
      'if (ties > 0) {',
      'if (seen < left) { start = here; before = seen; }',
      '}',
      'seen = seen + ties;',
      `here = here + ${length};`,
      'p++;',
      '}',
      'let rest = left - before;',
      'let last = -1;',
      'let at = start;',
      integerLocal('q', whole(backend, `(this.thread.x * ${size} + start)`)),
      `for (let s = 0; s < ${length}; s++) {`,
      `if (at < ${size}) {`,
      'if (a0[q] === t) {',
      'if (rest > 0) { last = at; rest = rest - 1; }',
      '}',
      '}',
      'at = at + 1;',
      'q++;',
      '}',
      'return last;'
    ]
  })
}
