import * as E from 'fp-ts/lib/Either.js'
import {
  compile,
  type Engine,
  type EngineName,
  formatError,
  ndarray,
  type NdArray,
  openEngine,
  ops,
  type Program,
  spec,
  type Tensor,
  type TangentError
} from 'tangentflow'
import { expect, it } from 'vitest'
import { right } from './either.js'

/** Numbers of a sequence that a seed determines: the same on every engine. */
const dice = (seed: number): ((sides: number) => number) => {
  let state = seed
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * sides)
  }
}

type Many = readonly Tensor[]
type Row = readonly number[]

/** A program on small whole numbers, so that every engine gives its results exactly. */
interface Exact {
  readonly count: number
  readonly size: number
  readonly f: (xs: Many) => Many
  /** Its results by plain arithmetic. */
  readonly expected: (xs: readonly Row[]) => readonly Row[]
}

/** Numbers of arguments and results: one and few, and more than a kernel of a GPU may read. */
const COUNTS = [1, 2, 3, 5, 8, 20, 41]

/** A result from two arguments, or from all: on tensors, and by plain arithmetic. */
interface Result {
  readonly f: (x: Tensor, y: Tensor, all: Many) => Tensor
  readonly expected: (x: Row, y: Row, all: readonly Row[]) => Row
}

/** The kinds of results, each with a number of its own. */
const kinds: readonly ((factor: number) => Result)[] = [
  () => ({ f: (x) => x, expected: (x) => x }),
  (factor) => ({
    f: (x, y) => ops.add(y)(ops.scale(factor)(x)),
    expected: (x, y) => x.map((v, i) => factor * v + y[i]!)
  }),
  () => ({
    f: (x, y) => ops.mul(ops.max(y)(x))(x),
    expected: (x, y) => x.map((v, i) => Math.max(v, y[i]!) * v)
  }),
  () => ({
    f: (_x, _y, all) => ops.sum()(ops.concat(0)(all)),
    expected: (_x, _y, all) => [all.flat().reduce((sum, v) => sum + v, 0)]
  }),
  (factor) => ({
    f: () => ops.constant(ndarray.full([2], factor)),
    expected: () => [factor, factor]
  })
]

const exact = (seed: number): Exact => {
  const roll = dice(seed)
  const count = COUNTS[roll(COUNTS.length)]!
  const size = 1 + roll(70)
  const results = Array.from({ length: COUNTS[roll(COUNTS.length)]! }, () => {
    const kind = kinds[roll(kinds.length)]!
    const [a, b] = [roll(count), roll(count)]
    return { a, b, ...kind(1 + roll(9)) }
  })
  return {
    count,
    size,
    f: (xs) => results.map(({ a, b, f }) => f(xs[a]!, xs[b]!, xs)),
    expected: (xs) => results.map(({ a, b, expected }) => expected(xs[a]!, xs[b]!, xs))
  }
}

type Loaded = Program<[Many], Many>

const load = (engine: Engine, { f, count, size }: Exact): Promise<E.Either<TangentError, Loaded>> =>
  compile(engine)(f, [new Array(count).fill(spec([size]))])() as Promise<E.Either<TangentError, Loaded>>

const pause = (ms: number): Promise<void> => new Promise((go) => setTimeout(go, ms))

/** One run on arguments of its own, and what it ought to give. */
const once = async (
  program: Loaded,
  { count, size, expected }: Exact,
  seed: number
): Promise<readonly [E.Either<TangentError, readonly Row[]>, readonly Row[]]> => {
  const roll = dice(seed)
  const xs = Array.from({ length: count }, () => Array.from({ length: size }, () => roll(19) - 9))
  if (roll(3) === 0) await pause(roll(4))
  const result = await program(xs.map((x) => ndarray.of([size], Float32Array.from(x))))()
  const plain = (values: readonly NdArray[]) => values.map(({ data }) => Array.from(data, (v) => v + 0))
  return [
    E.map(({ value }: { readonly value: readonly NdArray[] }) => plain(value))(result),
    expected(xs).map((row) => row.map((v) => v + 0))
  ]
}

/** Opens several of each of these engines; those that are not there are left out. */
const openAll = async (names: readonly EngineName[], each: number): Promise<readonly Engine[]> => {
  const opened = await Promise.all(
    names.flatMap((require) => Array.from({ length: each }, () => openEngine({ require })()))
  )
  return opened.flatMap((one) => (E.isRight(one) ? [one.right] : []))
}

const closed = { _tag: 'EngineError', expected: 'an open engine' }

/**
 * The law of concurrency: whatever is compiled, run and disposed of at the same time, on whichever engines, every run
 * gives the results of its own program on its own arguments, or says that its engine was disposed.
 */
export const standsStress = (names: readonly EngineName[], seed: number, programs = 8, turns = 4): void => {
  const use = async (
    context: { readonly skip: (note: string) => never },
    body: (engines: readonly Engine[]) => Promise<void>
  ): Promise<void> => {
    const engines = await openAll(names, names.length > 1 ? 1 : 2)
    if (engines.length === 0) {
      const opened = await openEngine({ require: names[0]! })()
      return context.skip(E.isLeft(opened) ? formatError(opened.left) : 'an engine that opens late')
    }
    try {
      await body(engines)
    } finally {
      await Promise.all(engines.map((engine) => engine.dispose()))
      for (const engine of engines)
        expect(Object.values(engine.held()).filter((held) => held !== 0)).toEqual([])
    }
  }

  it('gives each run its own results, whatever else compiles and runs', (context) =>
    use(context, async (engines) => {
      const all = engines.flatMap((engine, e) =>
        Array.from({ length: programs }, async (_, p) => {
          const program = exact(seed + (e % 2) * 100 + p)
          const loaded = right(await load(engine, program))
          const ran = await Promise.all(
            Array.from({ length: turns }, (_, turn) => once(loaded, program, seed + 31 * p + turn))
          )
          for (const [result, expected] of ran) expect(right(result)).toEqual(expected)
          return ran.length
        })
      )
      const counts = await Promise.all(all)
      expect(counts.reduce((sum, n) => sum + n, 0)).toBe(engines.length * programs * turns)
    }))

  it('lets runs end or says that their engine was disposed, and others go on', (context) =>
    use(context, async (engines) => {
      const [going, ...others] = engines
      const program = exact(seed)
      const loaded = await Promise.all(engines.map(async (engine) => right(await load(engine, program))))
      const running = loaded.flatMap((one, e) =>
        Array.from({ length: 6 }, async (_, turn) => {
          await pause(turn)
          const [result, expected] = await once(one, program, seed + turn)
          if (e === 0 && E.isLeft(result)) expect(result.left).toMatchObject(closed)
          else expect(right(result)).toEqual(expected)
        })
      )
      const loading = Array.from({ length: 4 }, async (_, p) => {
        await pause(p)
        const next = exact(seed + 50 + p)
        const late = await load(going!, next)
        if (E.isLeft(late)) expect(late.left).toMatchObject(closed)
        else {
          const [result, expected] = await once(late.right, next, seed)
          if (E.isLeft(result)) expect(result.left).toMatchObject(closed)
          else expect(result.right).toEqual(expected)
        }
      })
      await pause(2)
      const reopened = openEngine({ require: going!.name })()
      await Promise.all([going!.dispose(), going!.dispose(), ...running, ...loading])
      const fresh = right(await reopened)
      const again = right(await load(fresh, program))
      for (const one of [again, ...loaded.slice(1, 1 + others.length)]) {
        const [result, expected] = await once(one, program, seed + 9)
        expect(right(result)).toEqual(expected)
      }
      await fresh.dispose()
    }))
}
