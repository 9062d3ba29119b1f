import { plain } from '../core/plain.js'
import { isHostKey } from '../core/key.js'
import { isNdArray } from '../core/ndarray.js'
import { showShape } from '../core/shape.js'
import { leaves } from '../core/tree.js'
import { crc32 } from '../format/crc32.js'
import { graphKey } from '../graph/graph.js'
import { isHostValue, specsOf } from '../graph/spec.js'
import { traceOrThrow } from '../graph/trace.js'

/**
 * What a run depends on, each under the name of the option it comes from: a value in words, or its fingerprint. Two runs
 * of equal settings take the same steps.
 */
export type Settings = Readonly<Record<string, string>>

const hex = (sum: number): string => sum.toString(16).padStart(8, '0')

/** A short text that tells trees of arrays and keys apart, by place, shape and content. */
export const fingerprint = plain('checkpoint.fingerprint', (tree: unknown): string => {
  let sum = 0
  const add = (bytes: Uint8Array): void => void (sum = crc32(bytes, sum))
  const found = leaves('checkpoint', isHostValue, tree)
  for (const { path, value } of found) {
    const about = isNdArray(value) ? showShape(value.shape) : `${value.hi} ${value.lo}`
    add(new TextEncoder().encode(`${path} ${about}`))
    if (isNdArray(value)) {
      const { buffer, byteOffset, byteLength } = value.data
      add(new Uint8Array(buffer, byteOffset, byteLength))
    }
  }
  const [only] = found
  return found.length === 1 && only !== undefined && isHostKey(only.value)
    ? `key ${only.value.hi} ${only.value.lo}`
    : `${found.length} values, crc32 ${hex(sum)}`
})

/** The same for a traced function and arguments like these: a sum of its graph, however it is written. */
export const fingerprintFunction = plain(
  'checkpoint.fingerprintFunction',
  (f: (...args: never[]) => unknown, args: readonly unknown[]): string => {
    const traced = traceOrThrow(
      f as (...args: readonly unknown[]) => unknown,
      specsOf<readonly unknown[]>('checkpoint', args)
    )
    const text = new TextEncoder().encode(graphKey(traced.graph))
    return `a graph of ${text.length} bytes, crc32 ${hex(crc32(text))}`
  }
)
