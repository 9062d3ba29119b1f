/** A function of an object that is computed once for each, and forgotten with it. */
export const remembered = <K extends object, V extends string | object | null>(
  make: (key: K) => V
): ((key: K) => V) => {
  const known = new WeakMap<K, V>()
  return (key) => {
    const found = known.get(key)
    if (found !== undefined) return found
    const made = make(key)
    known.set(key, made)
    return made
  }
}
