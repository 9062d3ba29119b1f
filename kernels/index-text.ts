import { type Atom, highest, type Index, keyOf, levelOf, lowest } from './coordinate.js'
import { choice } from './choice.js'
import { integerLocal, whole } from './literal.js'
import type { Scope } from './scope.js'

/** Writes indices as integer arithmetic on names. */
export interface IndexText {
  readonly index: (index: Index) => string
  /** The position of an element in an array. */
  readonly position: (index: Index) => string
}

const shifted = (text: string, constant: number): string =>
  constant === 0 ? text : constant > 0 ? `(${text} + ${constant})` : `(${text} - ${-constant})`

/** `inside` where the index, whose text is given, lies in 0 … size − 1; only what is not known to hold is tested. */
export const withinText = (
  index: Index,
  text: string,
  size: number,
  inside: string,
  outside: string,
  keep: (text: string) => string
): string => {
  const below = highest(index) < size ? inside : choice(`${text} < ${size}`, inside, outside, keep)
  return lowest(index) >= 0 ? below : choice(`${text} >= 0`, below, outside, keep)
}

/** The text of indices in a scope, where every quotient and remainder becomes a local. */
export const indexText = (scope: Scope): IndexText => {
  const { backend, behind, integer, once, operand, statement } = scope

  const index = ({ constant, terms }: Index): string => {
    if (terms.length === 0) return `${constant}`
    let text = ''
    for (const { atom, factor } of [...terms].sort((a, b) => b.factor - a.factor)) {
      const name = atomName(atom)
      const size = Math.abs(factor)
      const product = size === 1 ? name : `${name} * ${size}`
      text =
        text === ''
          ? factor < 0
            ? `(0 - ${product})`
            : product
          : `${text} ${factor < 0 ? '-' : '+'} ${product}`
    }
    return terms.length === 1 && constant === 0 && terms[0]!.factor === 1
      ? text
      : shifted(`(${text})`, constant)
  }

  const atomName = (atom: Atom): string => {
    const { level } = atom
    if (atom.kind !== 'axis') return once(atom.key, level, () => integer(atomText(atom), level))
    return level === 0 ? atom.name : counter(atom.name, level)
  }

  const atomText = (atom: Exclude<Atom, { kind: 'axis' }>): string => {
    const of = index(atom.of)
    switch (atom.kind) {
      case 'quotient':
        // in cpu mode numbers are float64
        if (backend !== 'cpu') scope.divide(highest(atom.of))
        // half a unit away from every whole number, so that an inexact division cannot cross one
        return whole(backend, `Math.floor((${of} + 0.5) / ${atom.by})`)
      case 'known':
        return of
      case 'clamp': {
        // GLSL wants the same type on both sides, and gpu.js makes a float of a literal
        const keep = (part: string): string => integer(part, atom.level)
        const name = keep(of)
        return withinText(atom.of, name, atom.size, name, keep(`${name} - ${name}`), keep)
      }
    }
  }

  /** The counter of the loop of a level, which counts only where it is used. */
  const counter = (name: string, level: number): string =>
    once(`counter ${name}`, level, () => {
      statement(integerLocal(name, '0'), level - 1)
      behind(`${name}++;`, level)
      return name
    })

  /** A position as a constant away from one that other reads may share. */
  const near = (at: Index, level: number): string => {
    const { constant, terms } = at
    if (terms.every(({ factor }) => factor === 1)) return index(at)
    const base: Index = { constant: 0, terms }
    return shifted(
      once(`base ${keyOf(base)}`, level, () => operand('integer', index(base), level)),
      constant
    )
  }

  /** One that advances evenly with the innermost loop it needs is a pointer carried along. */
  const position = (at: Index): string => {
    const level = levelOf(at)
    if (level === 0 || !scope.isLooping()) return near(at, level)
    const [step, ...others] = at.terms.filter(({ atom }) => atom.level === level)
    if (others.length > 0 || step!.atom.kind !== 'axis') return near(at, level)
    const { constant, terms } = at
    const pointer = once(`pointer ${keyOf({ constant: 0, terms })}`, level, () => {
      const start = index({ constant: 0, terms: terms.filter((term) => term !== step) })
      const name = integer(start, level - 1)
      behind(`${name} = ${name} + ${step!.factor};`, level)
      return name
    })
    return shifted(pointer, constant)
  }
  return { index, position }
}
