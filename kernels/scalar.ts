import { elementary } from './elementary.js'
import type { KernelBackend, ScalarCode, ScalarFunction } from './kernel.js'
import { choice, jumpsIn } from './choice.js'

const infix =
  (operator: string): ScalarCode =>
  ([x, y]) =>
    `(${x!} ${operator} ${y!})`

const test =
  (operator: string): ScalarCode =>
  ([x, y], keep) =>
    choice(`${x!} ${operator} ${y!}`, '1', '0', keep)

const arithmetic = (code: ScalarCode, cost = 1): ScalarFunction => ({ code, rounds: true, cost })

const exact = (code: ScalarCode): ScalarFunction => ({ code, rounds: false, cost: 1 })

const functions = {
  ...elementary,
  neg: exact(([x]) => `(-${x!})`),
  sign: exact(([x], keep) => choice(`${x!} > 0`, '1', choice(`${x!} < 0`, '(-1)', x!, keep), keep)),
  abs: exact(([x]) => `Math.abs(${x!})`),
  floor: exact(([x]) => `Math.floor(${x!})`),
  add: arithmetic(infix('+')),
  sub: arithmetic(infix('-')),
  mul: arithmetic(infix('*')),
  div: arithmetic(infix('/'), 2),
  max: exact(([x, y]) => `Math.max(${x!}, ${y!})`),
  min: exact(([x, y]) => `Math.min(${x!}, ${y!})`),
  less: exact(test('<')),
  lessEqual: exact(test('<=')),
  equal: exact(test('===')),
  relu: exact(([x]) => `Math.max(${x!}, 0)`),
  select: exact(([c, x, y], keep) => choice(`${c!} !== 0`, x!, y!, keep))
}

/** The functions of single numbers that a kernel can apply. */
export type ScalarName = keyof typeof functions

/** What kernels know of each function. */
export const scalarFunctions: { readonly [F in ScalarName]: ScalarFunction } = functions

const families = { webasm: 'webasm', cpu: 'cpu', webgpu: 'gpu', webgl2: 'gpu', headlessgl: 'gpu' } as const

/** The code of a function on a backend. */
export const scalarCode = (backend: KernelBackend, name: ScalarName): ScalarCode => {
  const { [families[backend]]: own, code, rounds } = scalarFunctions[name]
  const written = own ?? code
  return backend === 'cpu' && rounds ? (operands, keep) => `Math.fround(${written(operands, keep)})` : written
}

/** The jumps that a shader's compiler makes of a function. */
export const jumpsOf = (name: ScalarName): number => {
  const kept: string[] = []
  const result = scalarCode('webgl2', name)(['x', 'y', 'z'], (text) => `k${kept.push(text)}`)
  return jumpsIn([...kept, result].join('\n'))
}

/** The comparisons, whose outcome a `select` can use as a condition without making a number of it. */
export const comparisons: Partial<Record<ScalarName, string>> = { less: '<', lessEqual: '<=', equal: '===' }
