/** A result as one row, or undefined where it is no array of numbers. gpu.js gives 1-D results as such and 2-D ones as rows. */
export const flatten = (value: unknown): Float32Array | undefined => {
  if (value instanceof Float32Array) return value
  if (!Array.isArray(value)) return undefined
  const rows: readonly unknown[] = value
  const parts = rows.map(flatten)
  const width = parts[0]?.length ?? 0
  const out = new Float32Array(width * parts.length)
  for (const [i, part] of parts.entries()) {
    if (part?.length !== width) return undefined
    out.set(part, i * width)
  }
  return out
}
