import * as fc from 'fast-check'
import type { nn } from 'tangentflow'
import { key, type NdArray, ndarray, normals } from 'tangentflow'

/** Images, windows and how the windows are laid over the images. */
export interface WindowCase {
  readonly shape: readonly [number, number, number, number]
  readonly size: readonly [number, number]
  readonly stride: readonly [number, number]
  readonly padding: 'valid' | 'same' | readonly [number, number]
  readonly seed: number
}

const pairOf = (min: number, max: number): fc.Arbitrary<readonly [number, number]> =>
  fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }))

/** Images at least as large as the window, so that every case has a result. */
export const windowCases: fc.Arbitrary<WindowCase> = fc
  .record({
    counts: pairOf(1, 3),
    size: pairOf(1, 3),
    more: pairOf(0, 4),
    stride: pairOf(1, 3),
    seed: fc.nat({ max: 1e6 })
  })
  .chain(({ counts, size, more, stride, seed }) =>
    fc
      .oneof(
        fc.constantFrom('valid' as const, 'same' as const),
        fc.tuple(fc.integer({ min: 0, max: size[0] - 1 }), fc.integer({ min: 0, max: size[1] - 1 }))
      )
      .map((padding) => ({
        shape: [...counts, size[0] + more[0], size[1] + more[1]] as const,
        size,
        stride,
        padding,
        seed
      }))
  )

export const optionsOf = ({ stride, padding }: WindowCase): nn.WindowOptions => ({ stride, padding })

/** Normals of a shape, from a seed. */
export const normalOf = (seed: number, shape: readonly number[]): NdArray =>
  ndarray.of(
    shape,
    normals(
      key(seed),
      shape.reduce((a, b) => a * b, 1)
    )
  )

/** The first row (or column) of the first window, and how many windows there are, in one axis of n. */
const layOut = ({ size, stride, padding }: WindowCase, axis: 0 | 1, n: number): readonly [number, number] => {
  const [k, s] = [size[axis], stride[axis]]
  if (padding === 'same') {
    const count = Math.ceil(n / s)
    return [-Math.floor(Math.max((count - 1) * s + k - n, 0) / 2), count]
  }
  const side = padding === 'valid' ? 0 : padding[axis]
  return [-side, Math.floor((n + 2 * side - k) / s) + 1]
}

/** What each window of one channel of one image holds; NaN outside the image. */
export type Visit<A> = (
  image: number,
  row: number,
  column: number,
  windows: readonly (readonly number[])[]
) => A

/** Walks over all windows of all images by the definition; a window is a list of values for each channel. */
export const windowsOf = <A>(of: WindowCase, x: NdArray, visit: Visit<A>): readonly A[] => {
  const [n, channels, height, width] = of.shape
  const [[top, rows], [left, columns]] = [layOut(of, 0, height), layOut(of, 1, width)]
  const results: A[] = []
  const at = (image: number, channel: number, r: number, c: number): number =>
    r < 0 || c < 0 || r >= height || c >= width
      ? NaN
      : x.data[((image * channels + channel) * height + r) * width + c]!
  for (let image = 0; image < n; image++)
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++)
        results.push(
          visit(
            image,
            row,
            column,
            Array.from({ length: channels }, (_, channel) =>
              Array.from({ length: of.size[0] * of.size[1] }, (_, cell) =>
                at(
                  image,
                  channel,
                  top + row * of.stride[0] + Math.floor(cell / of.size[1]),
                  left + column * of.stride[1] + (cell % of.size[1])
                )
              )
            )
          )
        )
  return results
}
