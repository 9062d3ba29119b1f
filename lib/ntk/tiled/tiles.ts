/** Which part of a kernel a block is: rows [row, row + rows) against columns [column, column + columns). */
export interface Tile {
  readonly row: number
  readonly rows: number
  readonly column: number
  readonly columns: number
}

/** Start and length of the parts of an axis. */
interface Part {
  readonly start: number
  readonly length: number
}

/**
 * How long the parts of an axis are if none is longer than `most` and there are as few as can be: all alike, so that the
 * last one is hardly shorter. 65 examples in tiles of 64 are parts of 33 and 32.
 */
export const partLength = (count: number, most: number): number =>
  Math.ceil(count / Math.ceil(count / Math.min(count, most)))

const partsOf = (count: number, length: number): readonly Part[] =>
  Array.from({ length: Math.ceil(count / length) }, (_, i) => ({
    start: i * length,
    length: Math.min(length, count - i * length)
  }))

/** The tiles of a kernel of n1 × n2 examples, row by row; of a symmetric one those on and above the diagonal. */
export const tilesOf = (
  [n1, n2]: readonly [number, number],
  length: readonly [number, number],
  isSymmetric: boolean
): readonly Tile[] =>
  partsOf(n1, length[0]).flatMap((row) =>
    partsOf(n2, length[1])
      .filter((column) => !isSymmetric || column.start >= row.start)
      .map((column) => ({ row: row.start, rows: row.length, column: column.start, columns: column.length }))
  )
