import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  attack,
  type Concrete,
  formatError,
  key,
  type Key,
  mask,
  ndarray,
  nn,
  ntk,
  run,
  type Runner,
  type TangentError,
  train
} from 'tangentflow'
import { right } from '../support/either.js'
import { batchOf } from '../support/networks.js'
import { runs } from '../support/runs.js'
import { openReference } from '../support/masks.js'

const net = nn.serial(nn.dense(6), nn.relu, nn.dense(3))
const params = net.init(key(1), [4])
const data = batchOf(2, 12, 4, 3)

type Pipeline = (runner: Runner) => () => Promise<E.Either<TangentError, unknown>>

const refusal = async (pipeline: Pipeline): Promise<TangentError> => {
  const result = await pipeline(await openReference())()
  if (E.isRight(result)) throw new Error('it was not refused')
  return result.left
}

const wrong = { density: 0.5, epsilon: 0.1, steps: 1, batch: 2, samples: 4 }
const score: mask.Score = (p) => mask.score.magnitude(p)

/** Everything that is given a density, or counts. */
const choosing: Readonly<
  Record<string, (keep: { density: number; layers?: mask.LayerAllocation }) => Pipeline>
> = {
  oneShot: (keep) =>
    mask.oneShot(net, { method: 'snip', epsilon: 0.1, samples: 4, ...keep })(params, data, key(0)),
  iterative: (keep) => mask.iterative(net, { score, rounds: 2, ...keep })(params, data, key(0)),
  search: (keep) => mask.search(net, { ...wrong, ...keep })(params, data, key(0)),
  transfer: (keep) => mask.transfer(net, { steps: 1, batch: 2, ...keep })(params, data, key(0))
}

describe.each(Object.entries(choosing))('%s', (_name, pipeline) => {
  it('refuses any density outside (0, 1], and names it', () =>
    fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.constantFrom(0, -0, NaN, Infinity, 1 + Number.EPSILON),
          fc.double({ max: 0, noNaN: true }),
          fc.double({ min: 1, minExcluded: true, noNaN: true })
        ),
        async (density) => {
          const error = await refusal(pipeline({ density }))
          expect(error).toMatchObject({ _tag: 'ArgumentError', where: 'density' })
          expect(formatError(error)).toContain(`expected a density in (0, 1], received ${density}`)
        }
      ),
      { numRuns: runs(10) }
    ))

  it.each([
    [[0, 9], 'layers[0]', 'a whole number in [1, 24], received 0'],
    [[24, 19], 'layers[1]', 'a whole number in [1, 18], received 19'],
    [[3.5, 9], 'layers[0]', 'a whole number in [1, 24], received 3.5'],
    [[3], 'layers', '2 counts, received 1']
  ])('refuses counts %j, and names the layer', async (layers, where, text) => {
    const error = await refusal(pipeline({ density: 0.5, layers }))
    expect(error).toMatchObject({ _tag: 'ArgumentError', where })
    expect(formatError(error)).toContain(text)
  })
})

it('train.fit refuses a mask that covers nothing', async () => {
  for (const none of [[], [{}, {}, {}]]) {
    const recipe = {
      epochs: 1,
      batch: 4,
      optimiser: train.sgd,
      schedule: train.schedule.constant(0.1),
      mask: none
    }
    const error = await refusal(train.fit(net.apply, recipe)(params, data, key(0)))
    expect(error).toMatchObject({ _tag: 'TreeError', operation: 'train.fit', where: 'mask' })
  }
})

const strangers: readonly [string, Concrete<nn.Weights>, string, string][] = [
  ['another shape', [{ w: ndarray.full([6, 4], 1) }], '[0].w', 'shape [4,6], received [6,4]'],
  ['a layer without weights', [{}, { w: ndarray.full([4, 6], 1) }], '[1].w', 'a leaf beside it'],
  ['another shape of biases', [{ b: ndarray.full([5], 1) }], '[0].b', 'shape [6], received [5]'],
  ['fewer layers', [{ w: ndarray.full([4, 6], 1) }], 'root', '3 entries, as the tree has, received 1'],
  ['a further layer', [{}, {}, {}, { w: ndarray.full([1, 1], 1) }], '[3].w', 'a leaf beside it']
]

const traced =
  (f: (p: nn.Params, m: nn.Weights, b: Required<nn.Batch>, k: Key) => unknown) =>
  (m: Concrete<nn.Weights>): Pipeline =>
  (runner) =>
    run(runner)(f)(
      params,
      m,
      {
        ...data,
        ids: ndarray.of(
          [12],
          Array.from({ length: 12 }, (_, i) => i)
        )
      },
      key(0)
    )

/** Everything that is given a mask or scores, and the name under which it refuses one. */
const masked: readonly [string, string, (m: Concrete<nn.Weights>) => Pipeline][] = [
  [
    'train.fit',
    'train.fit',
    (m) =>
      train.fit(net.apply, {
        epochs: 1,
        batch: 4,
        optimiser: train.sgd,
        schedule: train.schedule.constant(0.1),
        mask: m
      })(params, data, key(0))
  ],
  ['mask.search', 'mask.search', (start) => mask.search(net, { ...wrong, start })(params, data, key(0))],
  [
    'mask.learn',
    'mask.learn',
    (start) =>
      mask.learn(net, {
        objective: mask.trainingLoss(net),
        parametrisation: mask.parametrisation.straightThrough({ density: 0.5 }),
        attack: attack.none,
        rate: 0.1,
        steps: 1,
        batch: 2,
        start
      })(params, data, key(0))
  ],
  ['mask.apply', 'mask.apply', traced((p, m) => mask.apply(m)(p))],
  [
    'mask.distance',
    'empiricalNtk',
    traced((p, m, b, k) => mask.distance(net.apply, attack.none)(p, m, b.x, b, k))
  ],
  ['mask.objective', 'mask.apply', traced((p, m, b, k) => mask.objective(net.apply)(m, p, b.x, b.x, k))],
  ['ntk.empiricalNtk', 'empiricalNtk', traced((p, m, b) => ntk.empiricalNtk(net.apply)(p, b.x, b.x, m))],
  [
    'ntk.ntkVectorProduct',
    'ntkVectorProduct',
    traced((p, m, b) => ntk.ntkVectorProduct(net.apply)(p, b.x, b.x, net.apply(p)(b.x), m))
  ],
  ['ntk.mixedNtk', 'mixedNtk', traced((p, m, b, k) => ntk.mixedNtk(attack.none)(net.apply)(p, b, k, m))]
]

describe.each(masked)('%s', (_name, operation, pipeline) => {
  it.each(strangers)('refuses a mask with %s by its place', async (_what, stranger, where, text) => {
    const error = await refusal(pipeline(stranger))
    expect(error).toMatchObject({ _tag: 'TreeError', operation, where })
    expect(formatError(error)).toContain(text)
  })
})

describe('a layer that is emptied', () => {
  // the last layer's weights are far below the first's
  const uneven = params.map(({ w }, l) =>
    w === undefined ? {} : { w: ndarray.full(w.shape, l === 0 ? 1 : 1e-3) }
  )
  const plain = nn.serial(nn.dense(6, { bias: false }), nn.relu, nn.dense(3, { bias: false }))
  const emptiedBy = async (pipeline: Pipeline): Promise<unknown> => {
    const result = right<unknown>(await pipeline(await openReference())())
    return typeof result === 'object' && result !== null && 'emptyLayers' in result
      ? result.emptyLayers
      : undefined
  }
  const magnitude = { method: 'magnitude', density: 0.5, epsilon: 0.1, samples: 4 } as const

  it.each<[string, Pipeline]>([
    ['oneShot', mask.oneShot(plain, { ...magnitude, layers: 'global' })(uneven, data, key(0))],
    ['rounds', mask.oneShot(plain, { ...magnitude, layers: 'global', rounds: 2 })(uneven, data, key(0))],
    ['search', mask.search(plain, { ...wrong, start: uneven, rate: 1e-9 })(uneven, data, key(0))],
    [
      'transfer',
      mask.transfer(plain, { density: 0.5, layers: 'global', steps: 1, batch: 2 })(uneven, data, key(0))
    ]
  ])('is told by %s', async (_name, pipeline) => expect(await emptiedBy(pipeline)).toEqual([1]))

  it('is told of none where every layer keeps some', async () =>
    expect(
      await emptiedBy(mask.oneShot(plain, { ...magnitude, layers: 'uniform' })(uneven, data, key(0)))
    ).toEqual([]))
})
