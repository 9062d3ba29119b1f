import { axis, type Index, unravel } from './coordinate.js'
import type { KernelBackend } from './kernel.js'

/** How the cells of a result are laid over a kernel's threads. */
export interface Layout {
  readonly output: readonly number[]
  /** One coordinate for each axis of the result. */
  readonly coordinates: readonly Index[]
}

const product = (sizes: readonly number[]): number => sizes.reduce((size, n) => size * n, 1)

/** One thread axis over all elements in order. */
export const flat = (shape: readonly number[]): Layout => {
  const size = product(shape)
  return { output: [size], coordinates: unravel(axis('this.thread.x', size), shape) }
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
  return { output: z > 1 ? [x, y, z] : y > 1 ? [x, y] : [x], coordinates }
}

/**
 * The layouts worth trying for a result, best first. In cpu mode outputs are flat, because a step's output is
 * nested arrays otherwise and can only be indexed in its own rank. Elsewhere a flat walk is best where it
 * needs no division, and a spread one where it does.
 */
export const layouts = (shape: readonly number[], backend: KernelBackend): readonly Layout[] =>
  backend === 'cpu' ? [flat(shape)] : [flat(shape), spread(shape)]
