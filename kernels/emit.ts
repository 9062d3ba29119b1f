import { type Atom, highest, type Index, keyOf, levelOf, lowest } from './coordinate.js'
import { inlined, type Line } from './inline.js'
import type { Kernel, KernelBackend } from './kernel.js'
import { literalFor } from './literal.js'
import { comparisons, scalarCode, type ScalarName } from './scalar.js'
import { AFTER, levels, type Value } from './value.js'

/** A loop around the code of a deeper level: its counter's name and how often it runs. */
interface Loop {
  readonly name: string
  readonly count: number
}

/** The bodies of one loop nest, outermost first: what runs before the next loop, and at the end of the body. */
interface Nest {
  readonly before: readonly Line[][]
  readonly behind: readonly Line[][]
}

/** Writes the statements of one kernel. Every value becomes a local at the shallowest loop where it is known. */
export interface Writer {
  /** The name or literal that holds a value. */
  readonly value: (value: Value) => string
  /** An index as integer arithmetic on names. */
  readonly index: (index: Index) => string
  /** An integer local; gpu.js makes a float of any other declaration. */
  readonly integer: (text: string, level?: number) => string
  readonly statement: (text: string, level?: number) => void
  /** Counts operations that a statement of a level holds beside its values. */
  readonly work: (operations: number, level: number) => void
  /** Runs `write` within loops, whose counters are axes of level 1, 2, … under the given names. */
  readonly nest: (loops: readonly Loop[], write: () => void) => void
  /** The finished kernel; `result` is the text to return. */
  readonly finish: (name: string, output: readonly number[], result: string) => Kernel
}

/** A whole number as an integer: GLSL assigns no float to an integer, and gpu.js casts only for an operator on bits. */
export const whole = (backend: KernelBackend, text: string): string =>
  backend === 'webgl2' || backend === 'headlessgl' ? `${text} >> 0` : text

/** Functions that gpu.js types alike under a name and within an expression. */
const arithmetic: ReadonlySet<ScalarName> = new Set<ScalarName>([
  'add',
  'sub',
  'mul',
  'div',
  'max',
  'min',
  'neg'
])

const integerLocal = (name: string, text: string): string =>
  `let ${name} = this.output.x; ${name}++; ${name} = ${text};`

/**
 * A writer for a backend. `lanes` neighbouring cells share the work of the loops, so that each is charged a part of it.
 */
export const writer = (backend: KernelBackend, lanes = 1): Writer => {
  const level = levels()
  const arrays: number[] = []
  const first: Line[] = []
  const middle: Line[] = []
  const last: Line[] = []
  const values = new Map<Value, string>()
  const atoms = new Map<string, string>()
  let count = 0
  let divided = 0
  let flops = 0
  let loads = 0
  let turns: readonly number[] = []
  let nest: Nest | undefined
  let scoped: { readonly values: Map<Value, string>; readonly atoms: Map<string, string> } | undefined

  const fresh = (letter: string): string => `${letter}${count++}`
  const work = (operations: number, at: number): void => {
    flops += operations * turnsAt(at)
  }
  const block = (at: number): Line[] => (at === 0 ? first : at === AFTER ? last : nest!.before[at - 1]!)
  const statement = (text: string, at = 0): void => {
    block(at).push({ text })
  }
  const integer = (text: string, at = 0): string => {
    const name = fresh('i')
    statement(integerLocal(name, text), at)
    return name
  }
  const number = (text: string, at: number): string => {
    const name = fresh('f')
    statement(`let ${name} = ${text};`, at)
    return name
  }
  /** A number or an integer whose text may stand as an operand, without a name. */
  const operand = (letter: 'f' | 'i', text: string, at: number): string => {
    const name = fresh(letter)
    const line = letter === 'f' ? `let ${name} = ${text};` : integerLocal(name, text)
    block(at).push({ text: line, operand: { name, text } })
    return name
  }
  /** How often a cell runs the code of a level. */
  const turnsAt = (at: number): number =>
    at === 0 || at === AFTER ? 1 : turns.slice(0, at).reduce((product, n) => product * n, 1) / lanes
  const inScope = <K>(
    outer: Map<K, string>,
    inner: Map<K, string> | undefined,
    at: number
  ): Map<K, string> => (at === 0 || at === AFTER || inner === undefined ? outer : inner)

  /** An array position as a constant away from one that other reads may share. */
  const near = (index: Index, at: number): string => {
    const { constant, terms } = index
    const base: Index = { constant: 0, terms }
    if (terms.length === 0 || terms.every(({ factor }) => factor === 1)) return indexText(index)
    return shifted(
      once(`base ${keyOf(base)}`, at, () => operand('i', indexText(base), at)),
      constant
    )
  }

  /** An array position; one that advances evenly with the innermost loop it needs is a pointer carried along. */
  const position = (index: Index): string => {
    const at = levelOf(index)
    if (at === 0 || nest === undefined) return near(index, at)
    const moving = index.terms.filter(({ atom }) => atom.level === at)
    const step = moving[0]!
    if (moving.length !== 1 || step.atom.kind !== 'axis') return near(index, at)
    const base: Index = { constant: 0, terms: index.terms.filter((term) => term !== step) }
    const key = `pointer ${keyOf({ constant: 0, terms: index.terms })}`
    const known = scoped!.atoms.get(key)
    const name = known ?? integer(indexText(base), at - 1)
    if (known === undefined) {
      scoped!.atoms.set(key, name)
      nest.behind[at - 1]!.push({ text: `${name} = ${name} + ${step.factor};` })
    }
    return shifted(name, index.constant)
  }

  const shifted = (text: string, constant: number): string =>
    constant === 0 ? text : constant > 0 ? `(${text} + ${constant})` : `(${text} - ${-constant})`

  const indexText = ({ constant, terms }: Index): string => {
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
    if (atom.kind === 'axis') {
      if (atom.level > 0) useCounter(atom.name, atom.level)
      return atom.name
    }
    return once(atom.key, atom.level, () => integer(atomText(atom), atom.level))
  }

  const atomText = (atom: Exclude<Atom, { kind: 'axis' }>): string => {
    const of = indexText(atom.of)
    switch (atom.kind) {
      case 'quotient':
        // in cpu mode numbers are float64
        if (backend !== 'cpu') divided = Math.max(divided, highest(atom.of))
        // half a unit away from every whole number, so that an inexact division cannot cross one
        return whole(backend, `Math.floor((${of} + 0.5) / ${atom.by})`)
      case 'known':
        return of
      case 'clamp': {
        // GLSL wants the same type on both sides, and gpu.js makes a float of a literal
        const name = integer(of, atom.level)
        return within(atom.of, name, atom.size, name, `(${name} - ${name})`)
      }
    }
  }

  /** `inside` where the index, whose text is given, lies in 0 … size − 1; only what is not known to hold is tested. */
  const within = (index: Index, text: string, size: number, inside: string, outside: string): string => {
    const below = highest(index) < size ? inside : `((${text} < ${size}) ? ${inside} : ${outside})`
    return lowest(index) >= 0 ? below : `((${text} >= 0) ? ${below} : ${outside})`
  }

  const useCounter = (name: string, at: number): void => {
    const key = `counter ${name}`
    if (scoped!.atoms.has(key)) return
    scoped!.atoms.set(key, name)
    statement(integerLocal(name, '0'), at - 1)
    nest!.behind[at - 1]!.push({ text: `${name}++;` })
  }

  const argument = (array: number): string => {
    const known = arrays.indexOf(array)
    if (known >= 0) return `a${known}`
    arrays.push(array)
    return `a${arrays.length - 1}`
  }

  /** The local that holds what a key names, made when it is first asked for. */
  const once = (key: string, at: number, make: () => string): string => {
    const home = inScope(atoms, scoped?.atoms, at)
    const known = home.get(key)
    if (known !== undefined) return known
    const name = make()
    home.set(key, name)
    return name
  }

  const text = (value: Value, at: number): string => {
    switch (value.kind) {
      case 'literal':
        return literalFor(backend, value.value)
      case 'result':
        return 'acc'
      case 'load': {
        const name = once(`${value.array} at ${keyOf(value.at)}`, at, () => {
          loads += turnsAt(at)
          const element = `${argument(value.array)}[${position(value.at)}]`
          // within a loop reads keep their order, which WebAssembly's compiler keeps in turn: products are 5 % slower in another
          return value.component === undefined && (at === 0 || at === AFTER)
            ? operand('f', element, at)
            : number(element, at)
        })
        return value.component === undefined ? name : `${name}[${value.component}]`
      }
      case 'position':
        return number(indexText(value.at), at)
      case 'within': {
        const inside = of(value.inside)
        const outside = of(value.outside)
        if (highest(value.at) < 0 || lowest(value.at) >= value.size) return outside
        if (lowest(value.at) >= 0 && highest(value.at) < value.size) return inside
        const index = integer(indexText(value.at), at)
        return number(within(value.at, index, value.size, inside, outside), at)
      }
      case 'apply': {
        flops += turnsAt(at)
        const [condition, yes, no] = value.args
        if (value.fn === 'select' && condition!.kind === 'apply') {
          const operator = comparisons[condition!.fn]
          if (operator !== undefined) {
            const [a, b] = condition!.args.map(of)
            return number(`((${a!} ${operator} ${b!}) ? ${of(yes!)} : ${of(no!)})`, at)
          }
        }
        const result = scalarCode(backend, value.fn)(value.args.map(of), (part) => number(part, at))
        return arithmetic.has(value.fn) ? operand('f', result, at) : number(result, at)
      }
    }
  }

  const of = (value: Value): string => {
    const at = level(value)
    const home = inScope(values, scoped?.values, at)
    const known = home.get(value)
    if (known !== undefined) return known
    const name = text(value, at)
    home.set(value, name)
    return name
  }

  return {
    value: of,
    index: indexText,
    integer,
    statement,
    work,
    nest: (loops, write) => {
      turns = loops.map((loop) => loop.count)
      nest = { before: loops.map(() => []), behind: loops.map(() => []) }
      scoped = { values: new Map(), atoms: new Map() }
      write()
      const { before, behind } = nest
      const inner = loops.reduceRight<Line[]>(
        (lines, loop, i) => [
          { text: `for (let ${loop.name}s = 0; ${loop.name}s < ${loop.count}; ${loop.name}s++) {` },
          ...before[i]!,
          ...lines,
          ...behind[i]!,
          { text: '}' }
        ],
        []
      )
      middle.push(...inner)
      nest = undefined
      scoped = undefined
    },
    finish: (name, output, result) => ({
      name,
      source: [
        `function (${arrays.map((_, i) => `a${i}`).join(', ')}) {`,
        ...inlined([...first, ...middle, ...last, { text: `return ${result};` }]),
        '}'
      ].join('\n'),
      output,
      components: 1,
      divides: divided,
      arrays,
      cost: { flops, loads }
    })
  }
}
