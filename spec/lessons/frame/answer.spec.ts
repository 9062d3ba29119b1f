import { expect, it } from 'vitest'
import { numberIn } from '../../../docs/lessons/frame/answer.js'

it.each([
  ['17/4', 4.25],
  [' 0.889 ', 0.889],
  ['0,5', 0.5],
  ['−1/2', -0.5],
  ['1e-3', 0.001]
])('reads %s', (text, value) => expect(numberIn(text)).toBe(value))

it.each(['', ' ', '/', '1/', '/2', '1/0', 'about 3', '1/2/3'])('takes %j for no number', (text) =>
  expect(numberIn(text)).toBeUndefined()
)
