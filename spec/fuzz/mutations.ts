import fc from 'fast-check'

/** A change of a file, as data: so that a failing one is printed, shrunk and repeated. */
export type Mutation =
  | { readonly kind: 'flip'; readonly at: number; readonly bit: number }
  | {
      readonly kind: 'set'
      readonly at: number
      readonly bytes: 1 | 2 | 4 | 8
      readonly value: bigint
      readonly little: boolean
    }
  | { readonly kind: 'cut'; readonly at: number }
  | { readonly kind: 'insert'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'repeat'; readonly from: number; readonly to: number; readonly at: number }
  | { readonly kind: 'token'; readonly at: number; readonly text: string }

/** Numbers at which sizes and offsets overflow, wrap or lie. */
const sizes = [
  0n,
  1n,
  2n,
  7n,
  255n,
  256n,
  65_535n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n
]

/** What stands for a name, a number or a bracket of a text file. */
const texts = [
  '"__proto__"',
  '"constructor"',
  '"toString"',
  '"hasOwnProperty"',
  '""',
  'null',
  'true',
  '-1',
  '0',
  '0.5',
  '1e308',
  '1e999',
  '2147483648',
  '9007199254740993',
  '18446744073709551615',
  '[',
  '{',
  ']',
  '}',
  ',',
  '"',
  '"../../x"',
  '"F32"',
  '"<f8"',
  '"|b1"',
  '[1,2]',
  '{"a":1}',
  '['.repeat(100_000),
  '{"a":'.repeat(100_000),
  `${'['.repeat(100_000)}${']'.repeat(100_000)}`
]

/** A fraction in [0, 1), all alike: `fc.double` draws mostly numbers next to 0 or 1. */
const place = fc.noBias(fc.integer({ min: 0, max: 2 ** 20 - 1 })).map((i) => i / 2 ** 20)

/** One token of a text for another. */
export const tokenChange = fc.record({
  kind: fc.constant('token' as const),
  at: place,
  text: fc.constantFrom(...texts)
})

/** Structure-aware changes of a binary or text file; places are fractions of its length. */
export const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at: place, bit: fc.nat(7) }),
  fc.record({
    kind: fc.constant('set' as const),
    at: place,
    bytes: fc.constantFrom(1 as const, 2 as const, 4 as const, 8 as const),
    value: fc.constantFrom(...sizes),
    little: fc.boolean()
  }),
  fc.record({ kind: fc.constant('cut' as const), at: place }),
  fc.record({
    kind: fc.constant('insert' as const),
    at: place,
    bytes: fc.uint8Array({ minLength: 1, maxLength: 64 })
  }),
  fc.record({ kind: fc.constant('repeat' as const), from: place, to: place, at: place }),
  tokenChange
)

const spliced = (bytes: Uint8Array, from: number, to: number, middle: Uint8Array): Uint8Array => {
  const out = new Uint8Array(from + middle.length + bytes.length - to)
  out.set(bytes.subarray(0, from))
  out.set(middle, from)
  out.set(bytes.subarray(to), from + middle.length)
  return out
}

const token = /"(?:\\.|[^"\\])*"|'[^']*'|-?\d[\d.e+-]*|[[\]{}(),:]/g

/** One token of a text becomes another, in the quotes of the old one. */
export const withToken = (text: string, at: number, other: string): string => {
  const found = [...text.matchAll(token)]
  const one = found[Math.floor(at * found.length)]
  if (one === undefined) return text
  const quoted = one[0].startsWith("'") ? other.replaceAll('"', "'") : other
  return `${text.slice(0, one.index)}${quoted}${text.slice(one.index + one[0].length)}`
}

const latin = (bytes: Uint8Array): string => Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')

/** The same with the text of a file: its first 4,096 bytes, where headers are. */
const withTokenIn = (bytes: Uint8Array, at: number, other: string): Uint8Array => {
  const end = Math.min(bytes.length, 4096)
  const head = withToken(latin(bytes.subarray(0, end)), at, other)
  return spliced(
    bytes,
    0,
    end,
    Uint8Array.from(head, (letter) => letter.charCodeAt(0))
  )
}

const withNumber = (
  bytes: Uint8Array,
  { at, bytes: width, value, little }: Extract<Mutation, { kind: 'set' }>
): Uint8Array => {
  const out = bytes.slice()
  const start = Math.min(Math.floor(at * bytes.length), bytes.length - width)
  if (start < 0) return out
  const view = new DataView(out.buffer)
  const wrapped = BigInt.asUintN(8 * width, value)
  if (width === 8) view.setBigUint64(start, wrapped, little)
  else if (width === 4) view.setUint32(start, Number(wrapped), little)
  else if (width === 2) view.setUint16(start, Number(wrapped), little)
  else view.setUint8(start, Number(wrapped))
  return out
}

/** A file after a change. */
export const mutated = (bytes: Uint8Array, change: Mutation): Uint8Array => {
  const place = (fraction: number): number => Math.floor(fraction * bytes.length)
  switch (change.kind) {
    case 'flip': {
      const out = bytes.slice()
      if (out.length > 0) out[place(change.at)]! ^= 1 << change.bit
      return out
    }
    case 'set':
      return withNumber(bytes, change)
    case 'cut':
      return bytes.slice(0, place(change.at))
    case 'insert':
      return spliced(bytes, place(change.at), place(change.at), change.bytes)
    case 'repeat': {
      const [from, to] = [place(change.from), place(change.to)]
      return spliced(
        bytes,
        place(change.at),
        place(change.at),
        bytes.subarray(Math.min(from, to), Math.max(from, to))
      )
    }
    case 'token':
      return withTokenIn(bytes, change.at, change.text)
  }
}
