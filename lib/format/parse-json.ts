import * as E from 'fp-ts/lib/Either.js'
import { messageOf, type TangentError } from '../core/error.js'

/** How deep arrays and objects may lie in each other: no file of this library needs more. */
const DEEPEST = 64

const [QUOTE, BACKSLASH, COLON] = [0x22, 0x5c, 0x3a]
const OPENING: ReadonlySet<number> = new Set([0x7b, 0x5b])
const CLOSING: ReadonlySet<number> = new Set([0x7d, 0x5d])
const BLANK: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d])

/** What is wrong with a text. */
export type JsonFault = Pick<TangentError, 'expected' | 'received' | 'where'>

/** The place after the string that begins at `from`, its quotes included; the end of a text in which it does not end. */
const afterString = (json: string, from: number): number => {
  let at = from + 1
  while (at < json.length && json.charCodeAt(at) !== QUOTE) at += json.charCodeAt(at) === BACKSLASH ? 2 : 1
  return at + 1
}

const isName = (json: string, end: number): boolean => {
  let at = end
  while (BLANK.has(json.charCodeAt(at))) at++
  return json.charCodeAt(at) === COLON
}

/** How deep a text nests, as far as its brackets say, and where the field names of its outermost object are. */
const scan = (json: string): { readonly deepest: number; readonly names: readonly [number, number][] } => {
  const names: [number, number][] = []
  let [depth, deepest] = [0, 0]
  for (let at = 0; at < json.length && deepest <= DEEPEST;) {
    const code = json.charCodeAt(at)
    const end = code === QUOTE ? afterString(json, at) : at + 1
    if (OPENING.has(code)) deepest = Math.max(deepest, ++depth)
    else if (CLOSING.has(code)) depth--
    else if (code === QUOTE && depth === 1 && isName(json, end)) names.push([at, end])
    at = end
  }
  return { deepest, names }
}

/**
 * Reads a text in JSON, in linear time and whatever it holds. The Left says what is wrong: it is no JSON, nests more than 64
 * levels deep, or gives a field of its outermost object twice, of which `JSON.parse` would drop one. `expected` is what it
 * says of a text that is no JSON.
 */
export const parseJson = (expected: string, text: string | Uint8Array): E.Either<JsonFault, unknown> => {
  try {
    const json = typeof text === 'string' ? text : new TextDecoder().decode(text)
    const { deepest, names } = scan(json)
    if (deepest > DEEPEST)
      return E.left({ expected: `${expected} of at most ${DEEPEST} levels`, received: 'a deeper one' })
    const value: unknown = JSON.parse(json)
    const known = new Set<string>()
    for (const [from, to] of names) {
      const name = JSON.parse(json.slice(from, to)) as string
      if (known.has(name))
        return E.left({ expected: 'every name once', received: 'a name twice', where: name })
      known.add(name)
    }
    return E.right(value)
  } catch (thrown) {
    return E.left({ expected, received: messageOf(thrown) })
  }
}
