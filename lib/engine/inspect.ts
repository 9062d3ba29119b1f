// Reads values of packages whose types cannot be relied on.

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  (typeof value === 'object' || typeof value === 'function') && value !== null

/** The value at a path of names, or undefined where the path ends before. */
export const field = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>((inner, name) => (isRecord(inner) ? inner[name] : undefined), value)

/** The list at a path of names; empty where there is none. */
export const list = (value: unknown, ...path: readonly string[]): readonly unknown[] => {
  const found = field(value, ...path)
  return Array.isArray(found) ? found : []
}

/** The text at a path of names; undefined where there is none, or an empty one. */
export const text = (value: unknown, ...path: readonly string[]): string | undefined => {
  const found = field(value, ...path)
  return typeof found === 'string' && found !== '' ? found : undefined
}

export const isFunction = (value: unknown): value is (...args: readonly unknown[]) => unknown =>
  typeof value === 'function'
