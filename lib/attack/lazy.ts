/**
 * A record whose fields are computed when they are first read. A traced function that reads only some fields then builds
 * only their graph, and refuses only what they refuse.
 */
export const lazily = <T extends object>(fields: { readonly [K in keyof T]: () => T[K] }): T => {
  const known: Partial<T> = {}
  const record: Partial<T> = {}
  for (const name of Object.keys(fields) as (keyof T)[]) {
    Object.defineProperty(record, name, {
      enumerable: true,
      get: () => {
        if (!(name in known)) known[name] = fields[name]()
        return known[name]
      }
    })
  }
  return record as T
}
