import * as E from 'fp-ts/lib/Either.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Engine, ndarray, ntk, openEngine } from 'tangentflow'
import { driftAt, errorsAt, logSlope, type Study } from '../../support/limit.js'
import { normalArray } from '../../support/infinite.js'

// The keys are fixed, so the figures are too. `npm run spec:slow` takes deep networks to width 2,048 as well, in about a
// minute.
const slow = process.env.SLOW === '1'

const { conv2d, dense, erf, globalAvgPool, relu, residual } = ntk.infinite

const widths = (last: number): readonly number[] => [64, 128, 256, 512, 1024, 2048].filter((w) => w <= last)
const affine = { sigmaB: 0.2 }

const studies: readonly { readonly name: string; readonly study: Study; readonly last: number }[] = [
  {
    name: 'one hidden layer, relu',
    study: { hidden: [dense(affine), relu], sigmaB: 0.2, x: normalArray(41, [4, 8]), draws: 64 },
    last: 2048
  },
  {
    name: 'two hidden layers, erf and relu',
    study: {
      hidden: [dense(affine), erf, dense(affine), relu],
      sigmaB: 0.2,
      x: normalArray(42, [4, 8]),
      draws: 64
    },
    last: slow ? 2048 : 512
  },
  {
    name: 'a residual block',
    study: {
      hidden: [dense(affine), residual(relu, dense(affine)), relu],
      sigmaB: 0.2,
      x: normalArray(43, [4, 8]),
      draws: 64
    },
    last: slow ? 2048 : 512
  },
  {
    name: 'a convolution with global pooling',
    study: {
      hidden: [conv2d(3, { ...affine, padding: 'same' }), relu, globalAvgPool],
      sigmaB: 0.2,
      x: normalArray(44, [3, 2, 4, 4]),
      draws: 64
    },
    last: slow ? 2048 : 512
  }
]

describe('finite networks', () => {
  let engine: Engine
  beforeAll(async () => {
    const opened = await openEngine({ require: 'onnx:native', threads: 1 })()
    if (E.isLeft(opened)) throw new Error('onnx:native is a development dependency and must open')
    engine = opened.right
  })
  afterAll(() => engine.dispose())

  it.each(studies)('tend to the limit as width^(−1/2): $name', { timeout: 300_000 }, async (each) => {
    const rows = []
    for (const width of widths(each.last)) rows.push(await errorsAt(engine, each.study, width))
    for (const which of ['nngp', 'ntk'] as const) {
      const slope = logSlope(rows.map((row) => [row.width, row[which]]))
      console.info(
        `${each.name}, ${which}: ${rows.map((row) => `${row.width} ${row[which].toFixed(4)}`).join(', ')}; slope ${slope.toFixed(3)}`
      )
      expect(slope).toBeGreaterThan(-0.6)
      expect(slope).toBeLessThan(-0.4)
    }
  })

  it('keep their kernel better in training the wider they are', { timeout: 300_000 }, async () => {
    const study: Study = {
      hidden: [dense(affine), relu],
      sigmaB: 0.2,
      x: normalArray(45, [6, 8]),
      draws: slow ? 64 : 16
    }
    const training = { y: ndarray.of([6, 1], [1, -1, 1, -1, 1, -1]), rate: 0.5, steps: 30 }
    const drifts: (readonly [number, number])[] = []
    for (const width of widths(2048)) drifts.push([width, await driftAt(engine, study, training, width)])
    const slope = logSlope(drifts)
    console.info(
      `drift: ${drifts.map(([w, d]) => `${w} ${d.toFixed(4)}`).join(', ')}; slope ${slope.toFixed(3)}`
    )
    drifts.forEach(([, drift], i) => i > 0 && expect(drift).toBeLessThan(drifts[i - 1]![1]))
    // at most width^(−1/2) by the bound of Lee et al., width^(−1) to first order
    expect(slope).toBeLessThan(-0.4)
    expect(slope).toBeGreaterThan(-1.1)
  })
})
