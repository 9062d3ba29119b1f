import * as fc from 'fast-check'
import { type Concrete, ndarray, type NdArray, ops, type Tensor } from 'tangentflow'
import { expect } from 'vitest'
import { hostLeaves } from '../../lib/graph/spec.js'
import { programCases } from '../../lib/laws/programs.js'
import { isNdArray } from '../../lib/core/ndarray.js'
import { runs } from './runs.js'

/** Runs a traced function on concrete arguments, somewhere. */
export type RunSomewhere = <Args extends readonly unknown[], Out>(
  f: (...args: Args) => Out,
  args: Concrete<Args>
) => Promise<Concrete<Out>>

const arraysOf = (tree: unknown): readonly NdArray[] => hostLeaves('spec', tree).filter(isNdArray)

const bitsOf = (arrays: readonly NdArray[]): readonly string[] =>
  arrays.map(({ data }) => Array.from(data, (x) => (Object.is(x, -0) ? '-0' : `${x}`)).join())

/** Checks that one array may be written to and no other changes. */
const expectApart = (arrays: readonly NdArray[]): void => {
  const bits = bitsOf(arrays)
  arrays.forEach(({ data }, i) => {
    const before = data.slice()
    data.fill(77)
    const others = (all: readonly string[]) => all.filter((_, k) => k !== i)
    expect(others(bitsOf(arrays))).toEqual(others(bits))
    data.set(before)
  })
  expect(new Set(arrays.map(({ data }) => data.buffer)).size).toBe(arrays.length)
}

/**
 * The law of memory: results are the caller's, and so are arguments and constants. Random programs give what they compute
 * beside their arguments, constants and parts seen twice; whatever is written to one of these arrays shows in no other,
 * and in no later run.
 */
export const ownsItsMemory = (run: RunSomewhere, count: number): Promise<void> =>
  fc.assert(
    fc.asyncProperty(
      programCases({ maxSteps: 4 }),
      fc.constantFrom(Float32Array, Float64Array),
      fc.boolean(),
      async ({ program, args }, Data, isUniform) => {
        const xs = arraysOf(args).map(({ shape, data }) => ndarray.of(shape, Data.from(data)))
        const table = ndarray.of(
          [20],
          Data.from(Array.from({ length: 20 }, (_, i) => (isUniform ? -0 : i / 3)))
        )
        const f = (inputs: readonly Tensor[]) => {
          const y = program.f(inputs)
          const constant = ops.constant(table)
          return {
            inputs,
            first: [inputs[0]!, ops.reshape([...inputs[0]!.shape, 1])(inputs[0]!)],
            y: [y, y, ops.neg(ops.neg(y))],
            constants: [constant, constant, ops.reshape([4, 5])(constant), ops.stopGradient(constant)]
          } as const
        }
        const given = [...xs, table]
        const before = bitsOf(given)
        const once = async () => arraysOf(await run(f, [xs] as never))
        const results = await once()
        expect(bitsOf(given)).toEqual(before)
        expectApart([...given, ...results])
        const known = bitsOf(results)
        const again = await once()
        expect(bitsOf(again)).toEqual(known)
        for (const { data } of results) data.fill(78)
        expect(bitsOf(await once())).toEqual(known)
        const contents = given.map(({ data }) => data.slice())
        for (const { data } of given) data.fill(5)
        expect(bitsOf(again)).toEqual(known)
        // what is a constant now is what the array holds now
        const changed = (await once()).slice(0, 4)
        for (const { data } of changed) expect([...data]).toEqual([...data].fill(5))
        given.forEach(({ data }, i) => data.set(contents[i]!))
        expect(bitsOf(await once())).toEqual(known)
      }
    ),
    { numRuns: runs(count) }
  )
