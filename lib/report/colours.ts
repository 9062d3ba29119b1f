/** How many colours the style has for things that are told apart. */
const COLOURS = 8

/** The colour of the i-th of several things. */
export const colourOf = (place: number): string => `var(--c${(place % COLOURS) + 1})`

/** A colour for each method, in their order; grey for the dense network. */
export const paint = (methods: readonly string[]): ((method: string) => string) => {
  const masked = [...new Set(methods)].filter((method) => method !== 'dense')
  return (method) => (method === 'dense' ? 'var(--dense)' : colourOf(Math.max(0, masked.indexOf(method))))
}
