/** The jumps that a shader's compiler makes of a text: gpu.js guards every division and power by one. */
export const jumpsIn = (text: string): number => text.match(/ \/ |Math\.pow\(/g)?.length ?? 0

/** A name or a literal. */
const PLAIN = /^(?:[a-z]\w*|\(?-?\d[\d.]*(?:e[+-]?\d+)?\)?)$/i

/** One of two values, each a name or a literal, or kept under a name: a shader selects between these, and jumps between others. */
export const choice = (
  condition: string,
  yes: string,
  no: string,
  keep: (text: string) => string
): string => {
  const [a, b] = [yes, no].map((text) => (PLAIN.test(text) ? text : keep(text)))
  return `((${condition}) ? ${a} : ${b})`
}
