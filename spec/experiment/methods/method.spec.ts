import * as fc from 'fast-check'
import * as IO from 'fp-ts/lib/IO.js'
import { describe, expect, it } from 'vitest'
import { data, key, mask, nn, train } from 'tangentflow'
import { decode } from '../../../lib/format/codec.js'
import { methodOf, MethodSetting } from '../../../lib/experiment/methods/index.js'
import { fromStart, lengthened, type MethodInput } from '../../../lib/experiment/methods/method.js'
import { fitOptionsOf } from '../../../lib/experiment/training-setting.js'
import { right } from '../../support/either.js'
import { openReference } from '../../support/masks.js'
import { runs } from '../../support/runs.js'
import { smallTraining } from '../../support/small-training.js'
import { memoryStore } from '../../support/store.js'

const network = nn.serial(nn.dense(20), nn.relu, nn.dense(10))
const { x, y } = data.take([0, 1, 2])(data.digits())

const inputOf = (epochs: number): MethodInput => ({
  network,
  params: network.init(key(0), x.shape.slice(1)),
  set: { x, y },
  density: 1,
  training: { ...smallTraining, epochs },
  stream: () => key(1),
  store: memoryStore,
  onProgress: () => IO.of(undefined),
  distance: undefined
})

/** The epochs of a mask that keeps so much, where it may be trained so much longer. */
const epochsOf = (density: number, epochs: number, longer: number) => {
  const input = inputOf(epochs)
  const chosen = mask.topKMaskOf({ density })(mask.magnitudes(input.params))
  const { flops, denseFlops } = mask.cost(network, x.shape.slice(1))(input.params, chosen)
  return { epochs: lengthened(input, longer)(fromStart(input, chosen)).epochs, share: flops / denseFlops }
}

const densities = fc.double({ min: 0.01, max: 1, noNaN: true })
const factors = fc.double({ min: 1, max: 100, noNaN: true })
const counts = fc.integer({ min: 1, max: 500 })

describe('a longer training', () => {
  it('takes no more operations than the dense one, no more epochs than asked for, and as many of either as it may', () => {
    fc.assert(
      fc.property(densities, counts, factors, (density, epochs, longer) => {
        const { epochs: taken, share } = epochsOf(density, epochs, longer)
        expect(Number.isInteger(taken)).toBe(true)
        // to within the half epoch to which a whole number of them comes near
        const asked = Math.min(longer * epochs, epochs / share)
        expect(Math.abs(taken - asked)).toBeLessThanOrEqual(0.5)
        expect(taken).toBeGreaterThanOrEqual(epochs)
      }),
      { numRuns: runs(50) }
    )
  })

  it('is one of five times the epochs at densities of 0.2 and less, of twice as many at a half', () => {
    expect([0.1, 0.2, 0.5, 1].map((density) => epochsOf(density, 240, 5).epochs)).toEqual([
      1200, 1200, 480, 240
    ])
  })

  it('changes nothing else, and nothing of a dense network', () => {
    const input = inputOf(7)
    const dense = fromStart(input, undefined)
    expect(lengthened(input, 100)(dense)).toEqual(dense)
    const chosen = fromStart(input, mask.topKMaskOf({ density: 0.25 })(mask.magnitudes(input.params)))
    expect(lengthened(input, 3)(chosen)).toEqual({ ...chosen, epochs: 21 })
  })

  const read = decode('methods', MethodSetting)

  it.each([
    'random',
    'magnitude',
    'snip',
    'kernelTrace',
    'ticket',
    'edgePopup',
    'hydra',
    'transfer',
    'rewind'
  ])('is an option of %s, between 1 and 100 times', (kind) => {
    expect(read({ kind, longer: 2.5 })).toMatchObject({ right: { kind, longer: 2.5 } })
    for (const longer of [0.99, 100.5, Number.NaN, '5'])
      expect(read({ kind, longer })).toMatchObject({
        left: { _tag: 'ConfigError', expected: 'a number in [1, 100]', where: 'longer' }
      })
  })

  it.each(['dense', 'otherStart', 'threeStage'])('is none of %s', (kind) => {
    expect(read({ kind, longer: 2 })).toMatchObject({
      left: { expected: expect.stringMatching(/^no setting of this name/) as string, where: 'longer' }
    })
  })
})

describe('a warm-up', () => {
  const read = (setting: unknown) => right(decode('methods', MethodSetting)(setting))
  const chosenBy = async (setting: unknown, input: MethodInput) =>
    methodOf(read(setting)).run(input)(await openReference())()

  it('chooses from what the dense training has become, and leaves the rest of its epochs', async () => {
    const { training, ...rest } = inputOf(4)
    const input: MethodInput = { ...rest, training: { ...training, batch: 2 } }
    const recipe = fitOptionsOf(input.training, 4, input.set)
    for (const epochs of [1, 3]) {
      const warm = right(
        await train.paramsAfter(network.apply, recipe, epochs)(input.params, input.set, input.stream('fit'))(
          await openReference()
        )()
      )
      expect(warm).not.toEqual(input.params)
      const cold = right(await chosenBy({ kind: 'magnitude' }, { ...input, params: warm }))
      const setting = { kind: 'magnitude', after: epochs }
      const expected = { ...cold, epochs: 4 - epochs, isComparable: false }
      expect(right(await chosenBy(setting, input))).toEqual(expected)
      expect(cold.start).toEqual(warm)
    }
    expect(await chosenBy({ kind: 'magnitude', after: 0 }, input)).toEqual(
      await chosenBy({ kind: 'magnitude' }, input)
    )
  })

  it.each([4, 9])('of %i of 4 epochs is refused', async (after) =>
    expect(await chosenBy({ kind: 'kernelTrace', after }, inputOf(4))).toMatchObject({
      left: {
        _tag: 'ConfigError',
        expected: 'at least one of 4 epochs before and after pruning',
        where: 'methods: kernelTrace'
      }
    })
  )
})
