/**
 * Whole-number index arithmetic, kept symbolic until a kernel is written. An index is a sum of atoms times factors;
 * an atom is a coordinate with known bounds. Because bounds are known, the quotients and remainders that a reshape
 * brings in mostly cancel: (5y + x) / 5 is y where 0 ≤ x < 5.
 */
export interface Index {
  readonly constant: number
  readonly terms: readonly Term[]
}

interface Term {
  readonly atom: Atom
  readonly factor: number
}

/** Every atom takes the values 0 … size − 1. */
export type Atom =
  /** A coordinate of the output cell (level 0), or the counter of the loop at a depth of `level`. */
  | {
      readonly kind: 'axis'
      readonly name: string
      readonly size: number
      readonly level: number
      readonly key: string
    }
  /** ⌊of / by⌋ */
  | {
      readonly kind: 'quotient'
      readonly of: Index
      readonly by: number
      readonly size: number
      readonly level: number
      readonly key: string
    }
  /** `of`, known to lie in 0 … size − 1 though its terms do not show it: a remainder. */
  | {
      readonly kind: 'known'
      readonly of: Index
      readonly size: number
      readonly level: number
      readonly key: string
    }
  /** `of` where 0 ≤ of < size, else 0: a place that may be read in any case. */
  | {
      readonly kind: 'clamp'
      readonly of: Index
      readonly size: number
      readonly level: number
      readonly key: string
    }

/** The numbers 0 … n − 1. */
export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

export const constantIndex = (constant: number): Index => ({ constant, terms: [] })

export const zero = constantIndex(0)

/** Text that is equal for equal indices. */
export const keyOf = ({ constant, terms }: Index): string =>
  [...terms.map(({ atom, factor }) => `${factor}${atom.key}`), `${constant}`].join('+')

/** The deepest loop an index depends on; 0 when it is known before any loop. */
export const levelOf = ({ terms }: Index): number =>
  terms.reduce((level, { atom }) => Math.max(level, atom.level), 0)

const ofAtom = (atom: Atom): Index => (atom.size === 1 ? zero : { constant: 0, terms: [{ atom, factor: 1 }] })

/** A coordinate 0 … size − 1, read in a kernel under the given name. */
export const axis = (name: string, size: number, level = 0): Index =>
  ofAtom({ kind: 'axis', name, size, level, key: name })

export const lowest = ({ constant, terms }: Index): number =>
  terms.reduce((sum, { atom, factor }) => sum + Math.min(0, factor * (atom.size - 1)), constant)

export const highest = ({ constant, terms }: Index): number =>
  terms.reduce((sum, { atom, factor }) => sum + Math.max(0, factor * (atom.size - 1)), constant)

/** Rest and quotient of one division that stand side by side as they do in by · ⌊x / by⌋ + x % by, which is x. */
const rejoined = (index: Index): Index | undefined => {
  for (const rest of index.terms) {
    if (rest.atom.kind !== 'known') continue
    const part = rest.atom.of.terms.find(({ atom, factor }) => atom.kind === 'quotient' && factor < 0)
    const other = part && index.terms.find(({ atom }) => atom.key === part.atom.key)
    if (part === undefined || other?.factor !== -part.factor * rest.factor) continue
    const { constant, terms } = index
    return add({ constant, terms: terms.filter((term) => term !== rest) }, scale(rest.factor, rest.atom.of))
  }
  return undefined
}

export const add = (...indices: readonly Index[]): Index => {
  const merged = new Map<string, Term>()
  let constant = 0
  for (const index of indices) {
    constant += index.constant
    for (const { atom, factor } of index.terms)
      merged.set(atom.key, { atom, factor: factor + (merged.get(atom.key)?.factor ?? 0) })
  }
  const terms = [...merged.values()].filter(({ factor }) => factor !== 0)
  const sum = { constant, terms: terms.sort((a, b) => (a.atom.key < b.atom.key ? -1 : 1)) }
  return rejoined(sum) ?? sum
}

export const scale = (factor: number, { constant, terms }: Index): Index =>
  factor === 0
    ? zero
    : {
        constant: constant * factor,
        terms: terms.map((term) => ({ atom: term.atom, factor: term.factor * factor }))
      }

/** Quotient and remainder of an index that is never negative. */
export const divide = (index: Index, by: number): { readonly quotient: Index; readonly remainder: Index } => {
  if (by === 1) return { quotient: index, remainder: zero }
  const whole: Term[] = []
  const rest: Term[] = []
  for (const term of index.terms) (term.factor % by === 0 ? whole : rest).push(term)
  const wholeConstant = Math.floor(index.constant / by)
  const exact: Index = {
    constant: wholeConstant,
    terms: whole.map(({ atom, factor }) => ({ atom, factor: factor / by }))
  }
  const left: Index = { constant: index.constant - wholeConstant * by, terms: rest }
  if (lowest(left) >= 0 && highest(left) < by) return { quotient: exact, remainder: left }
  if (lowest(left) < 0) return opaque(index, by)
  // (f·A + b) / (f·n) = A / n where 0 ≤ b < f
  for (const { factor } of rest) {
    if (factor <= 1 || by % factor !== 0) continue
    const coarse = rest.filter((term) => term.factor % factor === 0)
    const fine: Index = {
      constant: left.constant % factor,
      terms: rest.filter((term) => term.factor % factor !== 0)
    }
    if (lowest(fine) < 0 || highest(fine) >= factor) continue
    const scaled: Index = {
      constant: Math.floor(left.constant / factor),
      terms: coarse.map((term) => ({ atom: term.atom, factor: term.factor / factor }))
    }
    const inner = divide(scaled, by / factor)
    return { quotient: add(exact, inner.quotient), remainder: add(scale(factor, inner.remainder), fine) }
  }
  const outer = opaque(left, by)
  return { quotient: add(exact, outer.quotient), remainder: outer.remainder }
}

const opaque = (index: Index, by: number): { readonly quotient: Index; readonly remainder: Index } => {
  const quotient = ofAtom({
    kind: 'quotient',
    of: index,
    by,
    size: Math.floor(highest(index) / by) + 1,
    level: levelOf(index),
    key: `(${keyOf(index)})/${by}`
  })
  const of = add(index, scale(-by, quotient))
  const remainder = ofAtom({
    kind: 'known',
    of,
    size: by,
    level: levelOf(of),
    key: `(${keyOf(index)})%${by}`
  })
  return { quotient, remainder }
}

/** The index where it lies in 0 … size − 1, else 0. */
export const clamp = (index: Index, size: number): Index =>
  lowest(index) >= 0 && highest(index) < size
    ? index
    : ofAtom({ kind: 'clamp', of: index, size, level: levelOf(index), key: `[${keyOf(index)}<${size}]` })

/** The coordinates of position `flat` in a row-major array of the given shape. */
export const unravel = (flat: Index, shape: readonly number[]): Index[] => {
  const coordinates = new Array<Index>(shape.length).fill(zero)
  let rest = flat
  for (let a = shape.length - 1; a >= 0; a--) {
    const { quotient, remainder } = divide(rest, shape[a]!)
    coordinates[a] = a === 0 ? rest : remainder
    rest = quotient
  }
  return coordinates
}

/** The position of given coordinates in a row-major array of the given shape. */
export const ravel = (coordinates: readonly Index[], shape: readonly number[]): Index => {
  let flat = zero
  shape.forEach((n, a) => (flat = add(scale(n, flat), coordinates[a]!)))
  return flat
}

/** Whether an index needs a division that a plain row-major walk would not. */
export const divides = ({ terms }: Index): boolean =>
  terms.some(({ atom }) => atom.kind === 'quotient' || (atom.kind !== 'axis' && divides(atom.of)))
