import * as ndarray from '../../core/ndarray.js'
import { type Labelled, partition } from '../labelled.js'
import { text } from './text.js'

const SIDE = 8
const PIXELS = SIDE * SIDE
/** The value of a pixel full of ink. */
const INK = 16

/**
 * The bundled handwritten digits: 1,797 real images of 8×8 pixels in [0, 1] (the published 0 to 16, divided by 16), flat
 * and row by row, x of shape [1797, 64], with their labels 0 to 9.
 *
 * They are the test part of UCI's Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak, 1998,
 * DOI 10.24432/C50P49, CC BY 4.0, format changed: an accuracy on a split of them is not the usual optdigits number.
 *
 * @example
 * import assert from 'node:assert'
 * import { data } from 'tangentflow'
 *
 * const { x, y } = data.digits()
 * assert.deepEqual(x.shape, [1797, 64])
 * assert.deepEqual([...y.data.slice(0, 4)], [0, 1, 2, 3])
 */
export const digits = (): Labelled => {
  const lines = text.trim().split('\n')
  const x = new Float32Array(lines.length * PIXELS)
  const y = new Float32Array(lines.length)
  lines.forEach((line, image) => {
    for (let pixel = 0; pixel < PIXELS; pixel++)
      x[image * PIXELS + pixel] = Number.parseInt(line.charAt(pixel), INK + 1) / INK
    y[image] = Number(line.charAt(PIXELS))
  })
  return {
    x: ndarray.of([lines.length, PIXELS], x),
    y: ndarray.of([lines.length], y),
    classes: 10
  }
}

/**
 * The digits as a fixed train set of 1,397 and test set of 400: an image tests where its place modulo 9 is 0 or 5.
 *
 * @example
 * import assert from 'node:assert'
 * import { data } from 'tangentflow'
 *
 * const { train, test } = data.digitsSplit()
 * assert.deepEqual([train.y.shape, test.y.shape], [[1397], [400]])
 */
export const digitsSplit = (): {
  /** The images to train on. */
  readonly train: Labelled
  /** The images to test on. */
  readonly test: Labelled
} => {
  const [test, train] = partition((place) => place % 9 === 0 || place % 9 === 5)(digits())
  return { train, test }
}
