/** A statement of a kernel; an operand is a local that may as well be written where it is used. */
export interface Line {
  readonly text: string
  readonly operand?: { readonly name: string; readonly text: string }
}

/** Longer texts keep a name, so that no expression nests deep: compilers of shaders refuse what nests a few hundred deep. */
const LONGEST = 100

const NAMES = /\b[fi]\d+\b/g

const isBoundary = ({ text }: Line): boolean => text === '}' || text.startsWith('for (')

/** The loop body that each line lies in; the lines before, within and behind a loop are of different ones. */
const bodiesOf = (lines: readonly Line[]): readonly number[] => {
  let body = 0
  return lines.map((line) => (isBoundary(line) ? ++body : body))
}

/** The line that uses a name, for each name that is used once; −1 for others, and for those that a choice is between. */
const usesOf = (
  lines: readonly Line[],
  names: readonly (readonly string[])[]
): ReadonlyMap<string, number> => {
  const uses = new Map<string, number>()
  names.forEach((found, i) => {
    const { operand, text } = lines[i]!
    for (const name of found) if (name !== operand?.name) uses.set(name, uses.has(name) ? -1 : i)
    if (text.includes('?'))
      for (const name of text.slice(text.indexOf('?')).match(NAMES) ?? []) uses.set(name, -1)
  })
  return uses
}

/**
 * Statements in which an operand that is used once, in the body where it is made, is written where it is used. gpu.js walks
 * every statement three times, and declarations cost it most: a training step takes a sixth less time to compile.
 */
export const inlined = (lines: readonly Line[]): readonly string[] => {
  const names = lines.map(({ text }) => text.match(NAMES) ?? [])
  const uses = usesOf(lines, names)
  const bodies = bodiesOf(lines)
  const texts = new Map<string, string>()
  const written = (text: string): string => text.replace(NAMES, (name) => texts.get(name) ?? name)
  return lines.flatMap(({ text, operand }, i) => {
    const isPlain = !names[i]!.some((name) => texts.has(name))
    if (operand !== undefined && bodies[uses.get(operand.name) ?? -1] === bodies[i]) {
      const own = isPlain ? operand.text : written(operand.text)
      if (own.length <= LONGEST) {
        texts.set(operand.name, own)
        return []
      }
    }
    return [isPlain ? text : written(text)]
  })
}
