/** How many outputs are multiplied at once: as many sums of two rows as a processor's registers hold. */
export const GROUP = 5

/** A matrix [n, outputs] by groups of {@link GROUP} outputs, each [n, GROUP]; the last one is filled up with zeros. */
export type Grouped = readonly Float64Array[]

/** Zeros for n rows of so many outputs. */
export const groupedZeros = (n: number, outputs: number): Grouped =>
  Array.from({ length: Math.ceil(outputs / GROUP) }, () => new Float64Array(n * GROUP))

/** A matrix [n, outputs] in groups. */
export const grouped = (x: ArrayLike<number>, n: number, outputs: number): Grouped => {
  const groups = groupedZeros(n, outputs)
  for (let i = 0; i < n; i++)
    for (let o = 0; o < outputs; o++)
      groups[Math.floor(o / GROUP)]![i * GROUP + (o % GROUP)] = x[i * outputs + o]!
  return groups
}

/** A grouped matrix as [n, outputs]. */
export const ungrouped = (groups: Grouped, n: number, outputs: number): Float64Array => {
  const out = new Float64Array(n * outputs)
  for (let i = 0; i < n; i++)
    for (let o = 0; o < outputs; o++)
      out[i * outputs + o] = groups[Math.floor(o / GROUP)]![i * GROUP + (o % GROUP)]!
  return out
}

/** The rows from `start` on of one group. */
export const rowsFrom = (group: Float64Array, start: number): Float64Array => group.subarray(start * GROUP)

/** y += B x in float64, with B [rows, columns], x [columns, GROUP], y [rows, GROUP]: two rows at a time. */
export const addProduct = (
  block: Float32Array,
  rows: number,
  columns: number,
  x: Float64Array,
  y: Float64Array
): void => {
  for (let i = 0; i < rows; i += 2) {
    const isPair = i + 1 < rows
    const first = i * columns
    const second = isPair ? first + columns : first
    let [a0, a1, a2, a3, a4] = [0, 0, 0, 0, 0]
    let [b0, b1, b2, b3, b4] = [0, 0, 0, 0, 0]
    for (let j = 0, at = 0; j < columns; j++, at += GROUP) {
      const p = block[first + j]!
      const q = block[second + j]!
      const x0 = x[at]!
      const x1 = x[at + 1]!
      const x2 = x[at + 2]!
      const x3 = x[at + 3]!
      const x4 = x[at + 4]!
      a0 += p * x0
      a1 += p * x1
      a2 += p * x2
      a3 += p * x3
      a4 += p * x4
      b0 += q * x0
      b1 += q * x1
      b2 += q * x2
      b3 += q * x3
      b4 += q * x4
    }
    const to = i * GROUP
    y[to]! += a0
    y[to + 1]! += a1
    y[to + 2]! += a2
    y[to + 3]! += a3
    y[to + 4]! += a4
    if (!isPair) continue
    y[to + 5]! += b0
    y[to + 6]! += b1
    y[to + 7]! += b2
    y[to + 8]! += b3
    y[to + 9]! += b4
  }
}

/** y += Bᵀ x in float64, with B [rows, columns], x [rows, GROUP], y [columns, GROUP]: two rows at a time. */
export const addTransposed = (
  block: Float32Array,
  rows: number,
  columns: number,
  x: Float64Array,
  y: Float64Array
): void => {
  for (let i = 0; i < rows; i += 2) {
    const isPair = i + 1 < rows
    const first = i * columns
    const second = isPair ? first + columns : first
    const from = i * GROUP
    const a0 = x[from]!
    const a1 = x[from + 1]!
    const a2 = x[from + 2]!
    const a3 = x[from + 3]!
    const a4 = x[from + 4]!
    const b0 = isPair ? x[from + 5]! : 0
    const b1 = isPair ? x[from + 6]! : 0
    const b2 = isPair ? x[from + 7]! : 0
    const b3 = isPair ? x[from + 8]! : 0
    const b4 = isPair ? x[from + 9]! : 0
    for (let j = 0, at = 0; j < columns; j++, at += GROUP) {
      const p = block[first + j]!
      const q = block[second + j]!
      y[at]! += p * a0 + q * b0
      y[at + 1]! += p * a1 + q * b1
      y[at + 2]! += p * a2 + q * b2
      y[at + 3]! += p * a3 + q * b3
      y[at + 4]! += p * a4 + q * b4
    }
  }
}
