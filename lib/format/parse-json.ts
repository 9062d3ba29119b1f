import * as E from 'fp-ts/lib/Either.js'
import { messageOf, type TangentError } from '../core/error.js'

/** How deep arrays and objects may lie in each other: no file of this library needs more. */
const DEEPEST = 64

const [QUOTE, BACKSLASH, COLON] = [0x22, 0x5c, 0x3a]
const BRACE = 0x7b
const OPENING: ReadonlySet<number> = new Set([BRACE, 0x5b])
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

/** Where a name is, its quotes included. */
type Place = readonly [from: number, to: number]

/** How deep a text nests, as far as its brackets say, and where the field names of each of its objects are. */
const scan = (json: string): { readonly deepest: number; readonly objects: readonly Place[][] } => {
  const [objects, open]: [Place[][], Place[][]] = [[], []]
  let deepest = 0
  for (let at = 0; at < json.length && deepest <= DEEPEST;) {
    const code = json.charCodeAt(at)
    const end = code === QUOTE ? afterString(json, at) : at + 1
    if (OPENING.has(code)) {
      const names: Place[] = []
      if (code === BRACE) objects.push(names)
      deepest = Math.max(deepest, open.push(names))
    } else if (CLOSING.has(code)) open.pop()
    else if (code === QUOTE && isName(json, end)) open.at(-1)?.push([at, end])
    at = end
  }
  return { deepest, objects }
}

/**
 * Reads a text in JSON, in linear time and whatever it holds. The Left says what is wrong: it is no JSON, nests more than 64
 * levels deep, or gives a field of an object twice, of which `JSON.parse` would drop one. `expected` is what it says of a text
 * that is no JSON.
 */
export const parseJson = (expected: string, text: string | Uint8Array): E.Either<JsonFault, unknown> => {
  try {
    const json = typeof text === 'string' ? text : new TextDecoder().decode(text)
    const { deepest, objects } = scan(json)
    if (deepest > DEEPEST)
      return E.left({ expected: `${expected} of at most ${DEEPEST} levels`, received: 'a deeper one' })
    const value: unknown = JSON.parse(json)
    for (const places of objects) {
      const known = new Set<string>()
      for (const place of places) {
        const name = JSON.parse(json.slice(...place)) as string
        if (known.size === known.add(name).size)
          return E.left({ expected: 'every name once', received: 'a name twice', where: name })
      }
    }
    return E.right(value)
  } catch (thrown) {
    return E.left({ expected, received: messageOf(thrown) })
  }
}

/** Whether a value is an object with fields, and no list. */
export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
