import * as fc from 'fast-check'
import { checkOptions, option, type OptionKinds, wordList } from '../core/options.js'
import { key, normals } from '../core/key.js'
import { type Shape, sizeOf } from '../core/shape.js'
import { table, type Tensor } from '../graph/tensor.js'
import { ops } from '../graph/ops/index.js'
import { spec, type TensorSpec } from '../graph/spec.js'
import { type Case, drawArguments, keys, shapes } from './arbitraries.js'
import { type Dice, isModest, steps } from './steps.js'

/** A random typed function on tensors: it can be traced, differentiated and batched as any other. */
export interface RandomProgram {
  /** The shapes of its arguments. */
  readonly specs: readonly TensorSpec[]
  /** All arguments in, one tensor out. */
  readonly f: (xs: readonly Tensor[]) => Tensor
  /** The same, brought to a scalar by a fixed weighted sum. */
  readonly scalar: (xs: readonly Tensor[]) => Tensor
  /** Its steps by name, as a counterexample shows them. */
  readonly steps: readonly string[]
}

/** Which random programs are drawn. */
export interface ProgramConstraints {
  /**
   * The names of the steps to draw from.
   *
   * @defaultValue all
   */
  readonly only?: readonly string[]
  /**
   * The largest number of steps.
   *
   * @defaultValue 6
   */
  readonly maxSteps?: number
  /** The smallest number of axes of an input. */
  readonly minRank?: number
  /** The largest number of axes of an input. */
  readonly maxRank?: number
  /** The largest number of elements of an input. */
  readonly maxSize?: number
}

/** The names of all steps a program may be made of. */
export const stepNames: readonly string[] = Object.keys(steps)

/** A step and the numbers from which it draws its parameters. */
interface DrawnStep {
  readonly name: string
  readonly numbers: readonly number[]
}

/** Dice that replay the numbers of a step, so that a program is a function of them alone. */
const diceOf = (numbers: readonly number[]): Dice => {
  let next = 0
  return (sides) => (sides < 1 ? 0 : numbers[next++ % numbers.length]! % sides)
}

const run =
  (drawn: readonly DrawnStep[]) =>
  (xs: readonly Tensor[]): Tensor => {
    const known = [...xs]
    for (const { name, numbers } of drawn) {
      const dice = diceOf(numbers)
      // mostly the newest tensor, so that programs are deep and little of them is unused
      const a = dice(4) > 0 ? known[known.length - 1]! : known[dice(known.length)]!
      const made = steps[name]!(a, known[dice(known.length)]!, dice)
      if (made !== undefined && isModest(made)) known.push(made)
    }
    return known[known.length - 1]!
  }

const weighted = (y: Tensor): Tensor => ops.dot(table(y.shape, [...normals(key(1), sizeOf(y.shape))]))(y)

const programOf = (inputs: readonly Shape[], drawn: readonly DrawnStep[]): RandomProgram => {
  const f = run(drawn)
  const program: RandomProgram = {
    specs: inputs.map(spec),
    f,
    scalar: (xs) => weighted(f(xs)),
    steps: drawn.map(({ name }) => name)
  }
  const text = `program(${JSON.stringify(inputs)}: ${drawn.map(({ name, numbers }) => `${name} ${JSON.stringify(numbers)}`).join('; ')})`
  return Object.defineProperty(program, fc.toStringMethod, { value: () => text, enumerable: false })
}

/** The kinds of {@link ProgramConstraints}. */
export const programKinds: OptionKinds<ProgramConstraints> = {
  only: wordList(...stepNames),
  maxSteps: option.count,
  minRank: option.natural,
  maxRank: option.natural,
  maxSize: option.count
}

/**
 * Random programs over all primitives: pointwise functions, comparisons and selects, contractions of every kind,
 * structure, reductions, windows and top-k; one to three arguments of rank at most 4. They shrink to fewer steps.
 */
export const programs = (constraints: ProgramConstraints = {}): fc.Arbitrary<RandomProgram> => {
  checkOptions('programs', programKinds, constraints)
  const { only = stepNames, maxSteps = 6, minRank = 0, maxRank = 3, maxSize = 4 } = constraints
  const number = fc.noBias(fc.nat({ max: 9999 }))
  const step = fc.record({
    name: fc.noBias(fc.constantFrom(...only)),
    numbers: fc.array(number, { minLength: 12, maxLength: 12 })
  })
  return fc
    .record({
      inputs: fc.array(shapes({ minRank, maxRank, maxSize }), { minLength: 1, maxLength: 3 }),
      steps: fc.array(step, { minLength: 1, maxLength: maxSteps, size: 'max' })
    })
    .map(({ inputs, steps }) => programOf(inputs, steps))
}

/** A random program with random arguments. */
export interface ProgramCase extends Case {
  readonly program: RandomProgram
}

/** Random programs, each at a random point. */
export const programCases = (constraints?: ProgramConstraints): fc.Arbitrary<ProgramCase> =>
  fc.tuple(programs(constraints), keys).map(([program, source]) => ({
    program,
    source,
    args: drawArguments([program.specs], source) as readonly unknown[]
  }))
