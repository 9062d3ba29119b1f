/**
 * The wire format of Protocol Buffers (https://protobuf.dev/programming-guides/encoding), as far as ONNX files need it: a part of a
 * message that knows its length, and writes itself into the one array that the message becomes.
 */
export interface Field {
  readonly length: number
  /** Writes from a place on, and gives the place behind. */
  readonly write: (into: Uint8Array, at: number) => number
}

const VARINT = 0
const LENGTH = 2
const FIXED32 = 5

/** Negative numbers are 64 bits in two's complement, and take ten bytes. */
const varintLength = (value: number): number => {
  if (value < 0) return 10
  let length = 1
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) length++
  return length
}

/** Seven bits a byte, the lowest first. */
const writeVarint = (into: Uint8Array, at: number, value: number): number => {
  if (value >= 0 && value < 128) {
    into[at] = value
    return at + 1
  }
  let end = at
  if (value < 0) {
    let rest = value
    for (let group = 0; group < 9; group++, rest = Math.floor(rest / 128))
      into[end++] = (rest - 128 * Math.floor(rest / 128)) | 128
    // of the tenth group one bit of the 64 is left, and it is the sign
    into[end++] = 1
    return end
  }
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) into[end++] = (rest % 128) | 128
  into[end++] = rest
  return end
}

const tagOf = (number: number, wire: number): number => number * 8 + wire

/** An int32, int64 or enum. */
export const int = (number: number, value: number): Field => {
  const tag = tagOf(number, VARINT)
  return {
    length: varintLength(tag) + varintLength(value),
    write: (into, at) => writeVarint(into, writeVarint(into, at, tag), value)
  }
}

/** A float, little-endian. */
export const float = (number: number, value: number): Field => {
  const tag = tagOf(number, FIXED32)
  return {
    length: varintLength(tag) + 4,
    write: (into, at) => {
      const start = writeVarint(into, at, tag)
      new DataView(into.buffer).setFloat32(start, value, true)
      return start + 4
    }
  }
}

/** Something with its length in front. */
const delimited = (number: number, { length, write }: Field): Field => {
  const tag = tagOf(number, LENGTH)
  return {
    length: varintLength(tag) + varintLength(length) + length,
    write: (into, at) => write(into, writeVarint(into, writeVarint(into, at, tag), length))
  }
}

/** Bytes as they are. */
export const bytes = (number: number, value: Uint8Array): Field =>
  delimited(number, {
    length: value.length,
    write: (into, at) => {
      into.set(value, at)
      return at + value.length
    }
  })

const utf8 = new TextEncoder()

/** Almost every name is ASCII, whose characters are bytes: an encoder takes ten times as long to start. */
const ascii = /^[\x00-\x7f]*$/

/** A string. */
export const text = (number: number, value: string): Field =>
  ascii.test(value)
    ? delimited(number, {
        length: value.length,
        write: (into, at) => {
          for (let i = 0; i < value.length; i++) into[at + i] = value.charCodeAt(i)
          return at + value.length
        }
      })
    : bytes(number, utf8.encode(value))

const sequence = (fields: readonly Field[]): Field => {
  let length = 0
  for (const field of fields) length += field.length
  return {
    length,
    write: (into, at) => {
      let end = at
      for (const field of fields) end = field.write(into, end)
      return end
    }
  }
}

/** A message in a message. */
export const message = (number: number, ...fields: readonly Field[]): Field =>
  delimited(number, sequence(fields))

/** The same field once for each of several values. */
export const each = <A>(values: readonly A[], field: (value: A) => Field): Field =>
  sequence(values.map((value) => field(value)))

/** The bytes of a whole message. */
export const encode = (...fields: readonly Field[]): Uint8Array => {
  const { length, write } = sequence(fields)
  const whole = new Uint8Array(length)
  write(whole, 0)
  return whole
}
