import { describe, expect, it } from 'vitest'
import { key } from '../../../lib/core/key.js'
import { type NdArray, of } from '../../../lib/core/ndarray.js'
import { evaluateOn } from '../../../lib/graph/evaluate.js'
import { constant } from '../../../lib/graph/tensor.js'
import { fold } from '../../../lib/graph/key.js'
import { ops } from '../../../lib/graph/ops/index.js'
import { normalArray } from '../../../lib/laws/arbitraries.js'
import { distance, largest } from '../../../lib/laws/compare.js'
import { law, measured, showReport } from '../../../lib/laws/law.js'
import { contractions } from '../../support/contractions.js'
import { naiveContract } from '../../support/naive.js'
import { runs } from '../../support/runs.js'

const letters = (indices: readonly number[]): string => indices.map((i) => 'abcdefgh'[i]!).join('')

describe('einsum', () => {
  it('is the loop over all indices', () => {
    const report = law(
      'einsum = naive loop',
      contractions(4),
      ({ op, source }) => {
        // an output letter that no operand has is refused by einsum
        const known = new Set(op.operands.flat())
        const output = op.output.filter((index) => known.has(index))
        const equation = `${op.operands.map(letters).join(',')}->${letters(output)}`
        const values = op.operands.map((indices, k) =>
          normalArray(
            fold(k)(source),
            indices.map((index) => op.sizes[index]!)
          )
        )
        const expected = naiveContract(
          { ...op, output, sizes: op.sizes.map((n, i) => (known.has(i) ? n : 1)) },
          values
        )
        const actual = evaluateOn(() => ops.einsum(equation)(...values.map(constant)))()
        return measured(equation, distance(actual, expected), 1e-12 * largest(expected.data) + 1e-13)
      },
      { runs: runs(500) }
    )
    console.info(showReport(report))
  })

  it.each([
    [
      'ij,jk->ik',
      [
        [1, 2],
        [3, 4]
      ],
      [
        [1, 0],
        [1, 1]
      ],
      [
        [3, 2],
        [7, 4]
      ]
    ],
    [
      'ij,ij->',
      [
        [1, 2],
        [3, 4]
      ],
      [
        [1, 0],
        [1, 1]
      ],
      8
    ],
    [
      'ii,jj->ij',
      [
        [1, 2],
        [3, 4]
      ],
      [
        [1, 0],
        [1, 1]
      ],
      [
        [1, 1],
        [4, 4]
      ]
    ]
  ] as const)('%s', (equation, a, b, expected) => {
    const [x, y] = [a, b].map((rows) => of([2, 2], rows.flat()))
    const flat = (nested: typeof expected): readonly number[] =>
      typeof nested === 'number' ? [nested] : nested.flat()
    const out = evaluateOn(() => ops.einsum(equation)(constant(x!), constant(y!)))()
    expect([...out.data]).toEqual(flat(expected))
  })

  // the shapes and elements of NumPy 1.24.2, of arrays 0, 1, 2 …
  const counting = (...shape: number[]): NdArray =>
    of(
      shape,
      Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i)
    )
  it.each<[string, readonly (readonly number[])[], readonly number[], readonly number[]]>([
    [
      'ij,jk',
      [
        [2, 3],
        [3, 2]
      ],
      [2, 2],
      [10, 13, 28, 40]
    ],
    ['ba', [[2, 3]], [3, 2], [0, 3, 1, 4, 2, 5]],
    ['ii', [[3, 3]], [], [12]],
    ['i,i', [[3], [3]], [], [5]],
    ['...ii', [[2, 2, 2]], [2], [3, 11]],
    ['i...', [[2, 3]], [3, 2], [0, 3, 1, 4, 2, 5]],
    ['i...->...i', [[2, 3]], [3, 2], [0, 3, 1, 4, 2, 5]],
    ['...', [[2, 2]], [2, 2], [0, 1, 2, 3]],
    ['...,...', [[2, 1], [3]], [2, 3], [0, 0, 0, 0, 1, 2]],
    [
      '...i,...i->...',
      [
        [2, 1, 2],
        [3, 2]
      ],
      [2, 3],
      [1, 3, 5, 3, 13, 23]
    ],
    [
      '...ij,jk',
      [
        [1, 2, 2],
        [2, 2]
      ],
      [1, 2, 2],
      [2, 3, 6, 11]
    ],
    ['b...a,a->ab...', [[1, 2, 2], [2]], [2, 1, 2], [0, 0, 1, 3]]
  ])('%s has the axes of NumPy', (equation, inputs, shape, elements) => {
    const out = evaluateOn(() => ops.einsum(equation)(...inputs.map((own) => constant(counting(...own)))))()
    expect([out.shape, [...out.data]]).toEqual([shape, elements])
  })

  it('with an ellipsis is the einsum of each part of the batch', () => {
    const [a, b] = [normalArray(key(1), [2, 1, 3, 4]), normalArray(key(2), [5, 4, 2])]
    const whole = evaluateOn(() => ops.einsum('...ij,...jk')(constant(a), constant(b)))()
    const product = evaluateOn(() => ops.matmul(constant(b))(constant(a)))()
    expect(whole.shape).toEqual([2, 5, 3, 2])
    expect(distance(whole, product)).toBeLessThan(1e-12)
  })
})
