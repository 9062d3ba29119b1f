import { inlined, type Line } from './inline.js'
import type { Kernel, KernelBackend } from './kernel.js'
import { integerLocal } from './literal.js'
import { AFTER, type Value } from './value.js'

/** A loop around the code of a deeper level: its counter's name and how often it runs. */
interface Loop {
  readonly name: string
  readonly count: number
}

/** The loops of a kernel while they are written. */
interface Nest {
  readonly loops: readonly Loop[]
  /** The bodies of the loops, outermost first: what runs before the next loop, and at the end of the body. */
  readonly before: readonly Line[][]
  readonly behind: readonly Line[][]
  /** The locals of the loops' bodies. */
  readonly locals: Map<string | Value, string>
}

/** A kernel that is being written: its statements, loop by loop, and the locals that hold what is known. */
export interface Scope {
  readonly backend: KernelBackend
  /** The local that holds what a key names, made at a level when it is first asked for. */
  readonly once: (key: string | Value, level: number, make: () => string) => string
  readonly statement: (text: string, level?: number) => void
  /** A statement at the end of the body of the loop of a level. */
  readonly behind: (text: string, level: number) => void
  readonly number: (text: string, level: number) => string
  /** An integer local; gpu.js makes a float of any other declaration. */
  readonly integer: (text: string, level: number) => string
  /** A local whose text may as well stand where it is used. */
  readonly operand: (kind: 'number' | 'integer', text: string, level: number) => string
  /** The name of the argument for an array. */
  readonly argument: (array: number) => string
  /** Counts operations of a level. */
  readonly work: (operations: number, level: number) => void
  /** Counts an element read at a level. */
  readonly load: (level: number) => void
  /** Notes the largest number that index arithmetic divides in float32. */
  readonly divide: (largest: number) => void
  /** Whether the loops are being written. */
  readonly isLooping: () => boolean
  /** Runs `write` within loops, whose counters are axes of level 1, 2, … under the given names. */
  readonly nest: (loops: readonly Loop[], write: () => void) => void
  /** The finished kernel; `result` is the text to return. */
  readonly finish: (name: string, output: readonly number[], result: string) => Kernel
}

/** The lines of written loops. */
const linesOf = ({ loops, before, behind }: Nest): readonly Line[] =>
  loops.reduceRight<readonly Line[]>(
    (lines, { name, count }, i) => [
      { text: `for (let ${name}s = 0; ${name}s < ${count}; ${name}s++) {` },
      ...before[i]!,
      ...lines,
      ...behind[i]!,
      { text: '}' }
    ],
    []
  )

/**
 * The scope of a new kernel. Level 0 is the code before all loops, {@link AFTER} that behind them. `lanes` neighbouring cells
 * share the work of the loops, so that each is charged a part of it.
 */
export const openScope = (backend: KernelBackend, lanes = 1): Scope => {
  const arrays: number[] = []
  const first: Line[] = []
  const middle: Line[] = []
  const last: Line[] = []
  const locals = new Map<string | Value, string>()
  const cost = { flops: 0, loads: 0 }
  let count = 0
  let divides = 0
  let nest: Nest | undefined

  const isOutside = (level: number): boolean => level === 0 || level === AFTER
  const block = (level: number): Line[] =>
    level === 0 ? first : level === AFTER ? last : nest!.before[level - 1]!
  /** How often a cell runs the code of a level. */
  const turns = (level: number): number =>
    isOutside(level) || nest === undefined
      ? 1
      : nest.loops.slice(0, level).reduce((product, loop) => product * loop.count, 1) / lanes
  const declare = (
    kind: 'number' | 'integer',
    text: string
  ): { readonly name: string; readonly text: string } => {
    const name = `${kind === 'number' ? 'f' : 'i'}${count++}`
    return { name, text: kind === 'number' ? `let ${name} = ${text};` : integerLocal(name, text) }
  }
  const local = (kind: 'number' | 'integer', text: string, level: number): string => {
    const declared = declare(kind, text)
    block(level).push({ text: declared.text })
    return declared.name
  }
  return {
    backend,
    once: (key, level, make) => {
      const home = isOutside(level) ? locals : nest!.locals
      const known = home.get(key)
      if (known !== undefined) return known
      const name = make()
      home.set(key, name)
      return name
    },
    statement: (text, level = 0) => {
      block(level).push({ text })
    },
    behind: (text, level) => {
      nest!.behind[level - 1]!.push({ text })
    },
    number: (text, level) => local('number', text, level),
    integer: (text, level) => local('integer', text, level),
    operand: (kind, text, level) => {
      const declared = declare(kind, text)
      block(level).push({ text: declared.text, operand: { name: declared.name, text } })
      return declared.name
    },
    argument: (array) => {
      const known = arrays.indexOf(array)
      return `a${known >= 0 ? known : arrays.push(array) - 1}`
    },
    work: (operations, level) => {
      cost.flops += operations * turns(level)
    },
    load: (level) => {
      cost.loads += turns(level)
    },
    divide: (largest) => {
      divides = Math.max(divides, largest)
    },
    isLooping: () => nest !== undefined,
    nest: (loops, write) => {
      nest = { loops, before: loops.map(() => []), behind: loops.map(() => []), locals: new Map() }
      write()
      middle.push(...linesOf(nest))
      nest = undefined
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
      divides,
      arrays,
      cost
    })
  }
}
