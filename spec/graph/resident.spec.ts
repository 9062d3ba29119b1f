import * as E from 'fp-ts/lib/Either.js'
import { ndarray, ops, resident, spec, type Tensor } from 'tangentflow'
import { describe, expect, it } from 'vitest'
import { right } from '../support/either.js'
import { openedEngine } from '../support/opened-engine.js'
import { residentAsCalls } from '../support/resident.js'

describe('resident', () => {
  const engine = openedEngine('reference')

  it('gives the state after the last step, and what each step gave, in order', async () => {
    const scaled = (state: Tensor, x: Tensor) => [ops.mul(x)(state), ops.add(x)(state)] as const
    const program = right(await resident(engine())(scaled, [spec([2]), spec([])])())
    const [last, each] = right(await program(ndarray.of([2], [1, 2]), [2, 3].map(ndarray.scalar))()).value
    expect(ndarray.toNested(last)).toEqual([6, 12])
    expect(each.map(ndarray.toNested)).toEqual([
      [3, 4],
      [5, 7]
    ])
  })

  it.each<readonly [string, (state: { readonly a: Tensor }) => unknown, object]>([
    ['another shape', ({ a }) => ({ a: ops.sum()(a) }), { _tag: 'ShapeError', operation: 'resident' }],
    ['another form', ({ a }) => ({ b: a }), { _tag: 'TreeError', operation: 'resident' }],
    ['more tensors', ({ a }) => ({ a, b: a }), { _tag: 'TreeError', received: '2 tensors' }]
  ])('refuses a state of %s', async (_name, next, error) => {
    const step = (state: { readonly a: Tensor }, x: Tensor) =>
      [next(state) as { readonly a: Tensor }, x] as const
    expect(await resident(engine())(step, [{ a: spec([2]) }, spec([])])()).toMatchObject({ left: error })
  })

  it('refuses to run without a step, and a state of another shape', async () => {
    const step = (state: Tensor, x: Tensor) => [ops.add(x)(state), x] as const
    const program = right(await resident(engine())(step, [spec([2]), spec([])])())
    expect(await program(ndarray.zeros([2]), [])()).toMatchObject({
      left: { _tag: 'ArgumentError', operation: 'resident', received: 'none' }
    })
    expect(E.isLeft(await program(ndarray.zeros([3]), [ndarray.scalar(1)])())).toBe(true)
  })
})

describe('resident through the host', () => {
  residentAsCalls(openedEngine('reference'), 100)
})
