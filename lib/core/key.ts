import { hasTag, MOST_ELEMENTS, requireWhole } from './check.js'
import { fail, showValue } from './error.js'

/**
 * An explicit, splittable random key of 64 bits. Bits come from Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror,
 * Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011), always on the host: same key, same values, on
 * every engine.
 */
export interface HostKey {
  /** Tells a key from an array. */
  readonly _tag: 'Key'
  /** The upper 32 bits. */
  readonly hi: number
  /** The lower 32 bits. */
  readonly lo: number
}

/** One derivation of a key: the i-th child of a split, or a number folded in. */
export interface KeyStep {
  readonly kind: 'split' | 'fold'
  readonly index: number
}

// The counter's high word separates the streams, so that a split, a fold and the bits never meet.
const BITS = 0
const SPLIT = 1
const FOLD = 2

const rotate = (x: number, by: number): number => (x << by) | (x >>> (32 - by))

/** Encrypts the counter (c0, c1) under the key (k0, k1), into `out` at `at`: five groups of four rounds, written out for speed. */
export const threefry = (
  k0: number,
  k1: number,
  c0: number,
  c1: number,
  out: Uint32Array,
  at: number
): void => {
  let x0 = (c0 + k0) | 0
  let x1 = (c1 + k1) | 0
  // the words of the key schedule as signed 32-bit numbers, turned by one after each group
  let first = k1 | 0
  let second = k0 ^ k1 ^ 0x1bd11bda
  let third = k0 | 0
  for (let group = 1; group <= 5; group++) {
    const isOdd = (group & 1) === 1
    x0 = (x0 + x1) | 0
    x1 = rotate(x1, isOdd ? 13 : 17) ^ x0
    x0 = (x0 + x1) | 0
    x1 = rotate(x1, isOdd ? 15 : 29) ^ x0
    x0 = (x0 + x1) | 0
    x1 = rotate(x1, isOdd ? 26 : 16) ^ x0
    x0 = (x0 + x1) | 0
    x1 = rotate(x1, isOdd ? 6 : 24) ^ x0
    x0 = (x0 + first) | 0
    x1 = (x1 + second + group) | 0
    const spent = first
    first = second
    second = third
    third = spent
  }
  out[at] = x0
  out[at + 1] = x1
}

/**
 * A key from a seed, a whole number of at most 53 bits.
 *
 * @example
 * import assert from 'node:assert'
 * import { key, uniforms } from 'tangentflow'
 *
 * assert.deepEqual(uniforms(key(7), 3), uniforms(key(7), 3))
 */
export const key = (seed: number): HostKey =>
  Number.isSafeInteger(seed) && seed >= 0
    ? { _tag: 'Key', hi: Math.floor(seed / 2 ** 32), lo: seed >>> 0 }
    : fail('ArgumentError', 'key', 'a whole number in [0, 2^53)', String(seed))

/** Whether a value is a concrete key. */
export const isHostKey = (value: unknown): value is HostKey => hasTag(value, 'Key')

/** Refuses what is no key, concrete or traced. */
export const requireKey = (operation: string, value: unknown): void => {
  if (!isHostKey(value) && !hasTag(value, 'TracedKey'))
    fail('ArgumentError', operation, 'a key, as key(0) makes of a number', showValue(value), 'key')
}

/** The key reached by one derivation; `out` is where its words are made, for who derives many. */
export const derive = (parent: HostKey, step: KeyStep, out: Uint32Array = new Uint32Array(2)): HostKey => {
  threefry(parent.hi, parent.lo, step.kind === 'split' ? SPLIT : FOLD, step.index, out, 0)
  return { _tag: 'Key', hi: out[0]!, lo: out[1]! }
}

/** Room for `count` words, which are made in pairs. */
export const roomFor = (count: number): Uint32Array => new Uint32Array(count + (count & 1))

/** Fills room with random 32-bit words. */
const bits = ({ hi, lo }: HostKey, out: Uint32Array): Uint32Array => {
  for (let i = 0; i < out.length; i += 2) threefry(hi, lo, BITS, i, out, i)
  return out
}

/** Random numbers of a key at a place of an array, by way of the words in `room`, which is as large as {@link roomFor} says. */
export type Fill = (source: HostKey, room: Uint32Array, out: Float32Array, at: number, count: number) => void

/** Uniforms in [0, 1), each a multiple of 2⁻²⁴, exact in float32. */
export const fillUniforms: Fill = (source, room, out, at, count) => {
  const words = bits(source, room)
  for (let i = 0; i < count; i++) out[at + i] = (words[i]! >>> 8) * 2 ** -24
}

/** Standard normals by Box–Muller in float64, rounded once to float32. */
export const fillNormals: Fill = (source, room, out, at, count) => {
  const words = bits(source, room)
  for (let i = 0; i < count; i += 2) {
    const radius = Math.sqrt(-2 * Math.log((words[i]! + 1) * 2 ** -32))
    const angle = 2 * Math.PI * words[i + 1]! * 2 ** -32
    out[at + i] = radius * Math.cos(angle)
    if (i + 1 < count) out[at + i + 1] = radius * Math.sin(angle)
  }
}

/** Signs, +1 or −1 with equal probability. */
export const fillRademachers: Fill = (source, room, out, at, count) => {
  const words = bits(source, room)
  for (let i = 0; i < count; i++) out[at + i] = words[i]! >>> 31 === 0 ? 1 : -1
}

const requireDraw = (source: HostKey, count: number): void => {
  requireKey('key', source)
  requireWhole('key', 'count', count, 0, MOST_ELEMENTS)
}

const drawn =
  (fill: Fill) =>
  (source: HostKey, count: number): Float32Array => {
    requireDraw(source, count)
    const out = new Float32Array(count)
    fill(source, roomFor(count), out, 0, count)
    return out
  }

/** `count` uniforms in [0, 1), each a multiple of 2⁻²⁴, exact in float32. */
export const uniforms = drawn(fillUniforms)

/** `count` standard normals by Box–Muller in float64, rounded once to float32. */
export const normals = drawn(fillNormals)

/** `count` signs, +1 or −1 with equal probability. */
export const rademachers = drawn(fillRademachers)

/** A permutation of 0 … count−1 (Fisher–Yates). */
export const permutation = (source: HostKey, count: number): Int32Array => {
  requireDraw(source, count)
  const words = bits(source, roomFor(count))
  const out = Int32Array.from({ length: count }, (_, i) => i)
  for (let i = count - 1; i > 0; i--) {
    // multiply and shift: the bias is below count / 2³², and there is no division
    const j = Math.floor((words[i]! * (i + 1)) / 2 ** 32)
    const swap = out[i]!
    out[i] = out[j]!
    out[j] = swap
  }
  return out
}
