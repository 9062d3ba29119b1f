import { describe, expect, it } from 'vitest'
import { scalar, toNumber } from '../../lib/core/ndarray.js'
import { customJvp, grad } from '../../lib/diff/index.js'
import { pullBack } from '../../lib/diff/linearize.js'
import { zerosLike } from '../../lib/graph/contract.js'
import { evaluateOn } from '../../lib/graph/evaluate.js'
import { apply, constant, type Tensor } from '../../lib/graph/tensor.js'
import { ops } from '../../lib/graph/ops/index.js'
import { inner, keys, normalArray } from '../../lib/laws/arbitraries.js'
import { bind, compare, judge } from '../../lib/laws/compare.js'
import { fold } from '../../lib/graph/key.js'
import { law } from '../../lib/laws/law.js'
import { refusalOf } from '../support/refusal.js'

// The transposition of every linear primitive taken directly, also where no derivative ever makes such a node.

const divisor = constant(normalArray({ _tag: 'Key', hi: 0, lo: 1 }, [4, 4]))
const condition = ops.less(0)(divisor)

const linear: readonly [name: string, f: (a: Tensor, b: Tensor) => Tensor][] = [
  ['neg', (a) => ops.neg(a)],
  ['add', (a, b) => ops.add(b)(a)],
  ['sub', (a, b) => ops.sub(b)(a)],
  ['sub of itself and more', (a, b) => ops.sub(a)(ops.sub(ops.scale(3)(a))(b))],
  ['div', (a) => ops.div(divisor)(a)],
  ['select', (a, b) => ops.where(condition)(a, b)],
  ['select with a zero', (a) => ops.where(condition)(zerosLike(a), a)],
  ['contract', (a) => ops.einsum('ij,kj,ii->ki')(a, divisor, divisor)],
  ['reshape', (a) => ops.reshape([2, 8])(a)],
  ['slice', (a) => ops.slice([1, 0], [4, 3], [2, 2])(a)],
  ['pad', (a) => ops.pad([1, 0], [0, 2], { interior: [2, 1] })(a)],
  ['concat', (a, b) => ops.concat(1)([a, divisor, b, a].map((x) => (x === divisor ? zerosLike(x) : x)))],
  ['unfold', (a) => ops.unfold([2, 3], [2, 1])(a)],
  [
    'fold',
    (a) =>
      apply({ tag: 'fold', kernel: [2, 2], stride: [1, 1], size: [3, 3] }, [ops.reshape([2, 2, 2, 2])(a)])
  ],
  ['alias', (a) => apply({ tag: 'alias' }, [a])]
]

describe('transpose', () => {
  it.each(linear)('of %s', (name, f) => {
    const { shape } = f(divisor, divisor)
    const report = law(`⟨u, Lv⟩ = ⟨Lᵀu, v⟩ for ${name}`, keys, (source) => {
      const [v, w, u] = [[4, 4], [4, 4], shape].map((own, i) => normalArray(fold(i)(source), own))
      const forward = (a: Tensor, b: Tensor, c: Tensor) => inner([c], [f(a, b)])
      const backward = (a: Tensor, b: Tensor, c: Tensor) => {
        const [p, q] = ['p', 'q'].map((symbol) => apply({ tag: 'input', name: symbol, shape: [4, 4] }, []))
        const pulled = pullBack([f(p!, q!)], [p!, q!], [c]).map((x) => x ?? zerosLike(a))
        return inner(pulled, [a, b])
      }
      return compare(judge(bind(backward, [v, w, u])), judge(bind(forward, [v, w, u])))
    })
    expect(report.runs).toBeGreaterThan(0)
  })
  it('refuses what is not linear', () => {
    const x = apply({ tag: 'input', name: 'x', shape: [3] }, [])
    expect(refusalOf(() => pullBack([ops.tanh(x)], [x], [x]))).toMatchObject({
      _tag: 'DiffError',
      operation: 'transpose',
      expected: 'a linear operation',
      received: 'tanh'
    })
  })
})

it('makes no tangents of what is behind a stopGradient', () => {
  let asked = 0
  const counted = customJvp('counted', ops.exp, (_args, out, [tangent]) => {
    asked++
    return ops.mul(out)(tangent!)
  })
  const f = (x: Tensor): Tensor => ops.mul(ops.stopGradient(ops.sin(counted(x))))(x)
  const slope = evaluateOn(grad(f))(scalar(0))
  expect([toNumber(slope), asked]).toEqual([Math.sin(1), 0])
})
