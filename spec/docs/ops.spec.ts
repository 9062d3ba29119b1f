import { readFileSync } from 'node:fs'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { evaluateOn, ndarray, ops, type Tensor } from 'tangentflow'
import { tableAt } from './tables.js'

// docs/ops.md has every operation once, with an example that gives what the page says.

const lines = readFileSync(new URL('../../docs/ops.md', import.meta.url), 'utf8').split('\n')
const rows = lines.flatMap((_, at) => tableAt(lines, at)?.rows ?? [])

const code = (cell: string): string => /^`(.*)`$/.exec(cell)?.[1] ?? cell
const nameOf = (call: string): string | undefined => /^`ops\.(\w+)\(/.exec(call)?.[1]

type Nested = number | readonly Nested[]
const rounded = (value: Nested): Nested =>
  typeof value === 'number' ? Number(value.toPrecision(4)) : value.map(rounded)

describe('docs/ops.md', () => {
  it('has a row for each operation, and no other', () => {
    expect(rows.map(([call = '']) => nameOf(call)).sort()).toEqual(Object.keys(ops).sort())
  })

  it.each(rows)('%s: %s', (call, _, example, gives) => {
    expect(code(example!)).toContain(`ops.${nameOf(call)}(`)
    const f = (a: Tensor, v: Tensor, v2: Tensor, s: Tensor): Tensor =>
      runInNewContext(code(example!), { ops, ndarray, a, v, v2, s }) as Tensor
    const [a, v, v2, s] = [
      [
        [1, 2],
        [3, 4]
      ],
      [3, 1, 2],
      [10, 20],
      [-1, 0, 1]
    ].map(ndarray.fromNested)
    expect(rounded(ndarray.toNested(evaluateOn(f)(a!, v!, v2!, s!)))).toEqual(JSON.parse(code(gives!)))
  })
})
