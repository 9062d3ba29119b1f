import { join } from 'node:path'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { BlockedKernel } from '../../lib/blocks/index.js'
import { type checkpoint, format, type NdArray, ndarray, type TangentError } from '../../lib/index.js'
import { fileStore } from '../../lib/io/index.js'

/** The files of a folder as stores. */
export const storesIn =
  (folder: string): checkpoint.Stores =>
  (name) =>
    fileStore(join(folder, name))

/** The first examples of a set of images of 784 pixels. */
export const firstImages = ({ data }: NdArray, count: number): NdArray =>
  ndarray.of([count, 784], data.subarray(0, 784 * count) as Float32Array)

/** Reads the blocks of a kernel of one batch from their files, one after another: an element's row and column, and its value. */
export const forEachElement =
  ({ stores, shape, lengths }: BlockedKernel) =>
  (visit: (row: number, column: number, value: number) => void): TE.TaskEither<TangentError, void> => {
    const count = Math.ceil(shape[0] / lengths[0])
    const names = Array.from({ length: count }, (_, row) =>
      Array.from({ length: count - row }, (_e, i) => [row, row + i] as const)
    ).flat()
    return pipe(
      names,
      TE.traverseSeqArray(([row, column]) =>
        pipe(
          stores(`${row}-${column}.npy`).read,
          TE.flatMapEither((bytes) => format.npy.decode(bytes ?? new Uint8Array(0))),
          TE.map(({ shape: [, width = 1], data }) =>
            data.forEach((value, at) =>
              visit(row * lengths[0] + Math.floor(at / width), column * lengths[1] + (at % width), value)
            )
          )
        )
      ),
      TE.map(() => undefined)
    )
  }
