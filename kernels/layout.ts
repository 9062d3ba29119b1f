import { add, axis, constantIndex, divide, type Index, scale, unravel, zero } from './coordinate.js'
import type { KernelBackend } from './kernel.js'

/** How the cells of a result are laid over a kernel's threads, and so in memory. */
export interface Layout {
  readonly output: readonly number[]
  /** One coordinate for each axis of the result. */
  readonly coordinates: readonly Index[]
  /** The place in memory of an element. */
  readonly locate: (coordinates: readonly Index[]) => Index
  /** Whether the elements lie in row-major order. */
  readonly isRowMajor: boolean
}

const product = (sizes: readonly number[]): number => sizes.reduce((size, n) => size * n, 1)

/** The place of an element whose axes lie in the given order in memory, outermost first. */
export const inOrder =
  (shape: readonly number[], order: readonly number[]) =>
  (coordinates: readonly Index[]): Index =>
    order.reduce((flat, a) => add(scale(shape[a]!, flat), coordinates[a]!), zero)

/** The place of an element in row-major order. */
const rowMajor = (shape: readonly number[]): Layout['locate'] =>
  inOrder(
    shape,
    shape.map((_, a) => a)
  )

/** One thread axis over all elements in order. */
export const flat = (shape: readonly number[]): Layout => {
  const size = product(shape)
  return {
    output: [size],
    coordinates: unravel(axis('this.thread.x', size), shape),
    locate: rowMajor(shape),
    isRowMajor: true
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
  const coordinates = shape.map((n) => (n > 1 ? all[next++]! : zero))
  const output = z > 1 ? [x, y, z] : y > 1 ? [x, y] : [x]
  return { output, coordinates, locate: rowMajor(shape), isRowMajor: true }
}

/**
 * The row-major layouts of a result, best first. In cpu mode outputs are flat, because a step's output is nested
 * arrays otherwise and can only be indexed in its own rank. Elsewhere a flat walk is best where it needs no
 * division, and a spread one where it does.
 */
export const layouts = (shape: readonly number[], backend: KernelBackend): readonly Layout[] =>
  backend === 'cpu' ? [flat(shape)] : [flat(shape), spread(shape)]

/** A layout in which x counts neighbours along one axis of the result. */
export interface LaneLayout extends Layout {
  /** The coordinates of one of the neighbours, free of x. */
  readonly lane: (lane: number) => readonly Index[]
}

export interface LaneShape {
  readonly shape: readonly number[]
  /** The axis of which x counts `lanes` neighbours; its size is a multiple of them. */
  readonly along: number
  readonly lanes: number
  /**
   * Which is walked first: the groups along that axis, so that memory runs along it, or all other axes, so that what
   * belongs to one group is used for all of them while it is in the cache.
   */
  readonly panels: boolean
}

/** `lanes` neighbours along one axis on x; the groups of them and all other axes on y and z. */
export const laneLayout = ({ shape, along, lanes, panels }: LaneShape): LaneLayout => {
  const groups = shape[along]! / lanes
  const axes = shape.map((_, a) => a).filter((a) => a !== along)
  const others = axes.map((a) => shape[a]!)
  const count = product(others)
  const rest = unravel(axis(panels ? 'this.thread.y' : 'this.thread.z', count), others)
  const group = scale(lanes, axis(panels ? 'this.thread.z' : 'this.thread.y', groups))
  const coordinates = (within: Index): readonly Index[] =>
    shape.map((_, a) => (a === along ? add(group, within) : rest[axes.indexOf(a)]!))
  const inPanels = (at: readonly Index[]): Index => {
    const { quotient, remainder } = divide(at[along]!, lanes)
    const other = rowMajor(others)(axes.map((a) => at[a]!))
    return add(scale(lanes * count, quotient), scale(lanes, other), remainder)
  }
  return {
    output: panels ? [lanes, count, groups] : [lanes, groups, count],
    coordinates: coordinates(axis('this.thread.x', lanes)),
    lane: (lane) => coordinates(constantIndex(lane)),
    locate: panels ? inPanels : inOrder(shape, [...axes, along]),
    isRowMajor: !panels && along === shape.length - 1
  }
}
