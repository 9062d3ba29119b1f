import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

/** An IDX file of unsigned bytes. */
export const idxFile = (shape: readonly number[], elements: Uint8Array): Uint8Array => {
  const start = 4 + 4 * shape.length
  const file = new Uint8Array(start + elements.length)
  file.set([0, 0, 8, shape.length])
  file.set(elements, start)
  const view = new DataView(file.buffer)
  shape.forEach((size, axis) => view.setUint32(4 + 4 * axis, size))
  return file
}

/** The four files of a small set laid out as MNIST is: image i is full of shade i, its label is i mod 10. */
export const smallIdxSet = (train = 20, test = 10): ReadonlyMap<string, Uint8Array> => {
  const images = (count: number): Uint8Array =>
    idxFile(
      [count, 28, 28],
      Uint8Array.from({ length: count * 784 }, (_, i) => Math.floor(i / 784))
    )
  const labels = (count: number): Uint8Array =>
    idxFile(
      [count],
      Uint8Array.from({ length: count }, (_, i) => i % 10)
    )
  return new Map([
    ['train-images-idx3-ubyte', images(train)],
    ['train-labels-idx1-ubyte', labels(train)],
    ['t10k-images-idx3-ubyte', images(test)],
    ['t10k-labels-idx1-ubyte', labels(test)]
  ])
}

/** Writes files into a folder, which is made; names that end in `.gz` are packed. */
export const writeFiles = (folder: string, files: ReadonlyMap<string, Uint8Array>): void => {
  mkdirSync(folder, { recursive: true })
  for (const [name, bytes] of files)
    writeFileSync(join(folder, name), name.endsWith('.gz') ? gzipSync(bytes) : bytes)
}
