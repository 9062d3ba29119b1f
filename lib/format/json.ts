const [QUOTE, BACKSLASH, COLON] = [0x22, 0x5c, 0x3a]
const OPENING: ReadonlySet<number> = new Set([0x7b, 0x5b])
const CLOSING: ReadonlySet<number> = new Set([0x7d, 0x5d])
const BLANK: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d])

/** The place after the text that begins at `from`, its quotes included. */
const afterText = (json: string, from: number): number => {
  let at = from + 1
  while (json.charCodeAt(at) !== QUOTE) at += json.charCodeAt(at) === BACKSLASH ? 2 : 1
  return at + 1
}

const isName = (json: string, end: number): boolean => {
  let at = end
  while (BLANK.has(json.charCodeAt(at))) at++
  return json.charCodeAt(at) === COLON
}

/**
 * The field names of the outermost object of a valid JSON text, in order and with repetitions, which JSON.parse drops
 * without a word.
 */
export const topLevelNames = (json: string): readonly string[] => {
  const names: string[] = []
  let depth = 0
  for (let at = 0; at < json.length;) {
    const code = json.charCodeAt(at)
    const end = code === QUOTE ? afterText(json, at) : at + 1
    if (OPENING.has(code)) depth++
    else if (CLOSING.has(code)) depth--
    else if (code === QUOTE && depth === 1 && isName(json, end))
      names.push(JSON.parse(json.slice(at, end)) as string)
    at = end
  }
  return names
}
