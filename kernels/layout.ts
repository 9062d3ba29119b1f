import { add, axis, constantIndex, type Index, scale, unravel } from './coordinate.js'
import type { KernelBackend } from './kernel.js'

/** How the cells of a result are laid over a kernel's threads, and so in memory. */
export interface Layout {
  readonly output: readonly number[]
  /** One coordinate for each axis of the result. */
  readonly coordinates: readonly Index[]
  /** The distance in memory between neighbours along each axis. */
  readonly strides: readonly number[]
}

/** Row-major distances. */
export const rowMajor = (shape: readonly number[]): number[] =>
  shape.map((_, a) => product(shape.slice(a + 1)))

const product = (sizes: readonly number[]): number => sizes.reduce((size, n) => size * n, 1)

/** One thread axis over all elements in order. */
export const flat = (shape: readonly number[]): Layout => {
  const size = product(shape)
  return {
    output: [size],
    coordinates: unravel(axis('this.thread.x', size), shape),
    strides: rowMajor(shape)
  }
}

/** The last axis on x, the one before it on y, all others on z: no division for up to three axes. */
const spread = (shape: readonly number[]): Layout => {
  const sizes = shape.filter((n) => n > 1)
  const x = sizes.at(-1) ?? 1
  const y = sizes.at(-2) ?? 1
  const z = product(sizes.slice(0, -2))
  const leading = unravel(axis('this.thread.z', z), sizes.slice(0, -2))
  const all = [...leading, ...[axis('this.thread.y', y), axis('this.thread.x', x)].slice(-sizes.length)]
  let next = 0
  const coordinates = shape.map((n) => (n > 1 ? all[next++]! : axis('', 1)))
  return { output: z > 1 ? [x, y, z] : y > 1 ? [x, y] : [x], coordinates, strides: rowMajor(shape) }
}

/**
 * The layouts worth trying for a result, best first. In cpu mode outputs are flat, because a step's output is
 * nested arrays otherwise and can only be indexed in its own rank. Elsewhere a flat walk is best where it
 * needs no division, and a spread one where it does.
 */
export const layouts = (shape: readonly number[], backend: KernelBackend): readonly Layout[] =>
  backend === 'cpu' ? [flat(shape)] : [flat(shape), spread(shape)]

/** A layout in which x counts `lanes` neighbours along one axis of the result. */
export interface Quads extends Layout {
  /** The coordinates of one of the neighbours, free of x. */
  readonly lane: (lane: number) => readonly Index[]
}

/**
 * `lanes` neighbours along one axis on x, the rest of that axis on y, all other axes on z. Memory then runs along that axis,
 * whose size must be a multiple of `lanes`.
 */
export const quads = (shape: readonly number[], along: number, lanes: number): Quads => {
  const size = shape[along]!
  const others = shape.filter((_, a) => a !== along)
  const rest = unravel(axis('this.thread.z', product(others)), others)
  const group = scale(lanes, axis('this.thread.y', size / lanes))
  const coordinates = (within: Index): readonly Index[] =>
    shape.map((_, a) => (a === along ? add(group, within) : rest[a < along ? a : a - 1]!))
  const outer = rowMajor(others)
  return {
    output: [lanes, size / lanes, product(others)],
    coordinates: coordinates(axis('this.thread.x', lanes)),
    lane: (lane) => coordinates(constantIndex(lane)),
    strides: shape.map((_, a) => (a === along ? 1 : size * outer[a < along ? a : a - 1]!))
  }
}
