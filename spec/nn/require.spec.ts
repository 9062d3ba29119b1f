import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import {
  attack,
  formatError,
  key,
  mask,
  ndarray,
  nn,
  ntk,
  ops,
  type Runner,
  spec,
  type TangentError,
  train,
  withEngine
} from 'tangentflow'
import { attempt } from '../../lib/graph/trace.js'

const net = nn.serial(nn.dense(3), nn.relu, nn.dense(2))
const start = net.init(key(0), [2])
const x = ndarray.of([4, 2], [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8])
const data = { x, y: ndarray.of([4], [0, 1, 0, 1]) }
const pgd = attack.pgd({ epsilon: 0.1, steps: 1, stepSize: 0.1 })
const recipe = { epochs: 1, batch: 2, optimiser: train.sgd, schedule: train.schedule.constant(0.1) }
const search = { density: 0.5, epsilon: 0.1, steps: 1, batch: 2 }

/** A function given a model or a network, then parameters, a set and a key. */
type Taken = (given: never, params: typeof start, set: typeof data, from: ReturnType<typeof key>) => unknown

/** Every public function that takes a model, by its name. */
const models: Readonly<Record<string, Taken>> = {
  'nn.centred': (model) => nn.centred(model, start),
  'train.fit': (model, p, set, k) => train.fit(model, recipe)(p, set, k),
  'train.meanLoss': (model, p, set, k) => train.meanLoss(model)(p, set, k),
  'train.trainStep': (model) => train.trainStep(model, recipe),
  'train.trainAndPrune': (model, p, set, k) =>
    train.trainAndPrune(model, { density: 0.5 }, recipe)(p, set, k),
  'train.paramsAfter': (model, p, set, k) => train.paramsAfter(model, recipe, 1)(p, set, k),
  'train.rewind': (model, p, set, k) => train.rewind(model, { ...recipe, density: 0.5 })(p, set, k),
  'train.threeStage': (model, p, set, k) =>
    train.threeStage(model, { ...recipe, epochs: { dense: 1, sparse: 1 }, density: 0.5 })(p, set, k),
  'attack.run': (model, p, set, k) => attack.run(pgd)(model)(p, set, k),
  'attack.prepare': (model) => attack.prepare(pgd)(model)(start, data),
  'attack.evaluate': (model, p, set, k) => attack.evaluate(model, { attack: pgd })(p, set, k),
  'attack.overEpsilon': (model, p, set, k) =>
    attack.overEpsilon(model, { attack: pgd, epsilons: [0.1] })(p, set, k),
  'attack.overSteps': (model, p, set, k) => attack.overSteps(model, { attack: pgd })(p, set, k),
  'attack.audit': (model, p, set, k) => attack.audit(model, { epsilon: 0.1 })(p, set, k),
  'attack.path': (model) =>
    attack.path(attack.pgdIteration({ epsilon: 0.1, steps: 1, stepSize: 0.1 }))(model)(
      ops.ones([1]),
      { x: ops.ones([1, 2]), y: ops.ones([1]) },
      key(0)
    ),
  'attack.iterate': (model) => pgd(model)(ops.ones([1]), { x: ops.ones([1, 2]), y: ops.ones([1]) }, key(0)),
  'ntk.empiricalNtk': (model) => ntk.empiricalNtk(model),
  'ntk.layerKernels': (model) => ntk.layerKernels(model),
  'ntk.ntkVectorProduct': (model) => ntk.ntkVectorProduct(model),
  'ntk.jacobians': (model) => ntk.jacobians(model, ops.ones([1]), ops.ones([1])),
  'ntk.mixedNtk': (model) => ntk.mixedNtk(pgd)(model),
  'ntk.jointNtk': (model) => ntk.jointNtk(pgd)(model),
  'ntk.attackShift': (model) => ntk.attackShift(pgd)(model),
  'ntk.linearised': (model) => ntk.linearised(model, start),
  'ntk.predictCost': (model) => ntk.predictCost(model)(start, spec([2, 2])),
  'ntk.tiled': (model) => ntk.tiled(model)(start, x),
  'ntk.forEachBlock': (model) =>
    ntk.forEachBlock(model)(() => () => Promise.resolve(E.right(undefined)))(start, x),
  'ntk.predictAdversarial': (model, p, set, k) =>
    ntk.predictAdversarial(model, pgd, { times: [0], every: 1 })(p, set, k),
  'mask.objective': (model) => mask.objective(model),
  'mask.distance': (model) => mask.distance(model, pgd),
  'mask.score.snip': (model) => mask.score.snip(model),
  'mask.score.grasp': (model) => mask.score.grasp(model),
  'mask.score.synflow': (model) => mask.score.synflow(model)
}

const straight = mask.parametrisation.straightThrough({ density: 0.5 })
const learning = {
  objective: mask.trainingLoss(net),
  parametrisation: straight,
  start: nn.weightsOf(start),
  attack: pgd,
  steps: 1,
  batch: 2,
  rate: 0.1
}

/** Every public function that takes a network. */
const networks: Readonly<Record<string, Taken>> = {
  'mask.oneShot': (network, p, set, k) =>
    mask.oneShot(network, { method: 'magnitude', density: 0.5, epsilon: 0 })(p, set, k),
  'mask.iterative': (network, p, set, k) =>
    mask.iterative(network, { score: (q) => mask.score.magnitude(q), density: 0.5, rounds: 1 })(p, set, k),
  'mask.search': (network, p, set, k) => mask.search(network, search)(p, set, k),
  'mask.learn': (network, p, set, k) => mask.learn(network, learning)(p, set, k),
  'mask.transfer': (network, p, set, k) =>
    mask.transfer(network, { density: 0.5, steps: 1, batch: 2, refresh: 1 })(p, set, k),
  'mask.matching': (network) => mask.matching(network),
  'mask.trainingLoss': (network) => mask.trainingLoss(network),
  'mask.cost': (network) => mask.cost(network, [2]),
  'mask.score.kernelTrace': (network) => mask.score.kernelTrace(network)
}

/** What an effect of the library gives on the reference. */
const ended = (effect: (engine: Runner) => () => Promise<E.Either<TangentError, unknown>>) =>
  withEngine({ require: 'reference' })(effect)()

const isEffect = (value: unknown): value is Parameters<typeof ended>[0] => typeof value === 'function'

/** The error of a call, raised or of its Either or effect. */
const errorOf = async (call: () => unknown): Promise<TangentError> => {
  const called = attempt(call)
  if (E.isLeft(called)) return called.left
  const value = called.right
  const last = isEffect(value) ? await ended(value) : value
  if (typeof last === 'object' && last !== null && 'left' in last) return last.left as TangentError
  throw new Error('it did not refuse')
}

describe('a network in place of a model', () => {
  it.each(Object.entries(models))('%s says that its apply is meant', async (name, taken) => {
    const error = await errorOf(() => taken(net as never, start, data, key(1)))
    expect(formatError(error)).toBe(
      `ArgumentError in ${name}: expected a model, a function of parameters, received a network: give its apply`
    )
  })
})

describe('a model in place of a network', () => {
  it.each(Object.entries(networks))('%s says that the network is meant', async (name, taken) => {
    const error = await errorOf(() => taken(net.apply as never, start, data, key(1)))
    expect(formatError(error)).toBe(
      `ArgumentError in ${name}: expected a network, or { apply } of a model, received a model: give the network, or { apply: model }`
    )
  })
  it('does not compile', () => {
    // @ts-expect-error: a function has an apply, which is another one
    const refused = () => mask.trainingLoss(net.apply)
    expect(refused).toThrow('give the network')
  })
})

const onData = Object.entries({ ...models, ...networks }).filter(([, taken]) => taken.length === 4)
const given = (name: string): never => (name in models ? net.apply : net) as never

describe('what is trained, attacked or searched on a set', () => {
  it.each(onData)('%s refuses a number for a key by its name', async (name, taken) =>
    expect(await errorOf(() => taken(given(name), start, data, 1 as never))).toMatchObject({
      _tag: 'ArgumentError',
      operation: name,
      expected: 'a key, as key(0) makes of a number',
      received: '1'
    })
  )
  it.each(onData)('%s refuses nested rows for inputs by its name', async (name, taken) =>
    expect(
      await errorOf(() => taken(given(name), start, { ...data, x: [[0, 1]] } as never, key(1)))
    ).toMatchObject({
      _tag: 'DataError',
      operation: name,
      expected: 'an array, as ndarray.fromNested makes of rows of numbers',
      where: 'x'
    })
  )
  it.each(onData)('%s takes a labelled set as it is', async (name, taken) => {
    const call = taken(given(name), start, { ...data, classes: 2 } as never, key(1))
    if (!isEffect(call)) throw new Error('it is no effect')
    expect(await ended(call)).toMatchObject({ _tag: 'Right' })
  })
})

/** Names of exported functions whose first argument is a model or a network. */
const taking = (folder: string): readonly string[] =>
  readdirSync(join('lib', folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => readFileSync(join('lib', folder, file), 'utf8').split(/^(?=export const )/m))
    .filter((text) => /^export const \w+ =[^{}]*\(\s*(model: Model<P>|network: Network)/.test(text))
    .map((text) => /^export const (\w+)/.exec(text)![1]!)

describe('the tables', () => {
  const spaces = { nn, train, attack, ntk, mask } as const
  it.each(Object.keys(spaces) as (keyof typeof spaces)[])('have every public function of %s', (space) => {
    const names = taking(space).filter((name) => name in spaces[space])
    expect(
      names.filter((name) => !(`${space}.${name}` in models) && !(`${space}.${name}` in networks))
    ).toEqual([])
  })
})
