import { describe, expect, it } from 'vitest'
import {
  attack,
  data,
  evaluateOn,
  explain,
  type Key,
  exportOnnx,
  key,
  mask,
  ndarray,
  nn,
  ntk,
  openEngine,
  ops,
  plot,
  spec,
  TangentFailure,
  type Tensor,
  train,
  unwrap,
  vmap,
  withEngine
} from 'tangentflow'
import * as experiment from 'tangentflow/experiment'
import * as io from 'tangentflow/io'
import * as laws from 'tangentflow/laws'
import { openQueue, work } from 'tangentflow/queue'
import { checkOptions, option } from '../../lib/core/options.js'
import type { Runner } from '../../lib/graph/runner.js'
import { refusalOf } from '../support/refusal.js'

const kinds = { epsilon: option.number, norm: option.word('linf', 'l2'), stop: option.function }
const refused = (options: unknown) =>
  refusalOf(() => {
    checkOptions('op', kinds, options)
  })

describe('checkOptions', () => {
  it('takes what the table says, and what is undefined', () => {
    checkOptions('op', kinds, { epsilon: 1, norm: 'l2', stop: undefined })
    checkOptions('op', kinds, {})
  })
  it.each([
    [{ epsilom: 1 }, 'an option, perhaps epsilon: epsilon, norm, stop', 'epsilom', 'options'],
    [{ q: 1 }, 'an option: epsilon, norm, stop', 'q', 'options'],
    [{ __proto__: null, toString: 1 }, 'an option: epsilon, norm, stop', 'toString', 'options'],
    [{ epsilon: '1' }, 'a number', '"1"', 'epsilon'],
    [{ norm: 'Linf' }, 'one of linf, l2', '"Linf"', 'norm'],
    [{ stop: true }, 'a function', 'true', 'stop'],
    [undefined, 'an object of options', 'nothing', 'options'],
    ['epsilon', 'an object of options', '"epsilon"', 'options']
  ])('refuses %o', (options, expected, received, where) =>
    expect(refused(options)).toMatchObject({
      _tag: 'ArgumentError',
      operation: 'op',
      expected,
      received,
      where
    })
  )
})

const net = nn.serial(nn.dense(2))
const params = net.init(key(0), [2])
const set = { x: ndarray.of([2, 2], [0, 0.5, 1, 0]), y: ndarray.of([2], [0, 1]) }
const fit = { epochs: 1, batch: 1, optimiser: train.sgd, schedule: train.schedule.constant(0.1) }

type Run = (runner: Runner) => () => Promise<unknown>
const fitted = (options: object): Run =>
  train.fit(net.apply, { ...fit, ...options } as typeof fit)(params, set, key(1))
const attacked = (made: attack.TracedAttack): Run => attack.run(made)(net.apply)(params, set, key(1))
const pgd = { epsilon: 0.1, steps: 1, stepSize: 0.1 }

describe('what a person writes in plain JavaScript', () => {
  it.each<readonly [string, Run, string]>([
    ['a norm in capitals', attacked(attack.pgd({ ...pgd, norm: 'Linf' as 'linf' })), 'norm'],
    ['a norm that Square has not', attacked(attack.square({ epsilon: 0.1, norm: 'l1' as 'l2' })), 'norm'],
    ['a misspelt option of APGD', attacked(attack.apgd({ epsilon: 0.1, step: 3 } as never)), 'options'],
    ['a text for a radius', attacked(attack.pgd({ ...pgd, epsilon: '8/255' as never })), 'epsilon'],
    ['an optimiser that is not called', fitted({ optimiser: train.adam }), 'optimiser'],
    ['a number for a schedule', fitted({ schedule: 0.1 }), 'schedule'],
    ['the name of a loss', fitted({ loss: 'mse' }), 'loss'],
    ['a misspelt option of fit', fitted({ epoch: 3 }), 'options'],
    [
      'a misspelt option of a search',
      mask.search(net, { density: 0.5, epsilon: 0.1, norms: 'l2' } as never)(params, set, key(1)),
      'options'
    ],
    [
      'a score that there is not',
      mask.oneShot(net, { method: 'Snip' as 'snip', density: 0.5, epsilon: 0 })(params, set, key(1)),
      'method'
    ],
    [
      'an evaluation without options',
      attack.evaluate(net.apply, undefined as never)(params, set, key(1)),
      'options'
    ],
    ['the name of an engine alone', () => openEngine('reference' as never), 'options']
  ])('%s is refused', async (_, effect, where) => {
    const opened = await openEngine({ require: 'reference' })()
    if (opened._tag === 'Left') throw new Error('no engine')
    expect(await effect(opened.right)()).toMatchObject({ left: { _tag: 'ArgumentError', where } })
    await opened.right.dispose()
  })
})

const kernel = ndarray.of([2, 2], [1, 0, 0, 1])
const y = ndarray.of([2, 1], [0, 1])
const flow = { times: [1], start: ndarray.of([2, 1], [0, 0]) }

describe('an option of kernels and predictions that there is not', () => {
  it.each<readonly [string, () => unknown, string]>([
    ['predictMse', () => ntk.predictMse(kernel, y, { times: [1], rates: 1 } as never), 'rates'],
    ['kernelRegression', () => ntk.kernelRegression(kernel, y, { ridges: 1 } as never), 'ridges'],
    ['predictOde', () => ntk.predictOde(kernel, nn.mse, y, { ...flow, relativ: 1 } as never), 'relativ'],
    [
      'predictDescent',
      () => ntk.predictDescent(kernel, nn.mse, y, { ...flow, relative: 1 } as never),
      'relative'
    ],
    ['maxLearningRate', () => ntk.maxLearningRate(kernel, { example: 1 } as never), 'example'],
    ['predictCost', () => ntk.predictCost(net.apply, { output: 'mean' } as never)(params, set.x), 'output'],
    ['alignment', () => ntk.alignment(kernel, kernel, { centered: true } as never), 'centered'],
    ['labelAlignment', () => ntk.labelAlignment(kernel, y, { centred: 1 } as never), '1']
  ])('%s refuses it', (operation, call, received) =>
    expect(call()).toMatchObject({ left: { _tag: 'ArgumentError', operation: `ntk.${operation}`, received } })
  )
  it.each<readonly [string, (p: nn.Params, x: Tensor) => unknown]>([
    ['empiricalNtk', ntk.empiricalNtk(net.apply, { output: 'mean' } as never)],
    ['layerKernels', ntk.layerKernels(net.apply, { outputs: 'trace' } as never)],
    ['ntkVectorProduct', (p, x) => ntk.ntkVectorProduct(net.apply, { masks: 1 } as never)(p, x, x, x)]
  ])('%s refuses it', (operation, f) =>
    expect(refusalOf(() => evaluateOn(f)(params, set.x))).toMatchObject({ operation: `ntk.${operation}` })
  )
  it('tiled refuses it', async () => {
    const opened = await openEngine({ require: 'reference' })()
    if (opened._tag === 'Left') throw new Error('no engine')
    const made = ntk.tiled(net.apply, { tiles: 3 } as never)(params, set.x)(opened.right)
    expect(await made()).toMatchObject({
      left: { _tag: 'ArgumentError', operation: 'ntk.tiled', received: 'tiles' }
    })
    await opened.right.dispose()
  })
})

const odd = { unheardOf: 1 } as never
const random = (options: never) => (p: nn.Params, k: Key) => mask.score.random(k, options)(p)
const objective = (p: nn.Params, x: Tensor, k: Key) => mask.objective(net.apply, odd)([], p, x, x, k)
const clean: attack.Attack =
  () =>
  (_, { x }) => ({ x })
const distance = (p: nn.Params, b: nn.Batch, k: Key) => mask.distance(net.apply, clean, odd)(p, [], b.x, b, k)
/** What a promise rejects with, as an effect. */
const rejectionOf = (promise: Promise<unknown>) => () =>
  promise.then(
    () => undefined,
    (thrown: unknown) => ({ left: thrown instanceof TangentFailure ? thrown.error : thrown })
  )
const twice = (x: Tensor): Tensor => ops.scale(2)(x)

describe('an option that there is not', () => {
  const infinite = ntk.infinite.serial(ntk.infinite.dense())
  it.each<readonly [string, () => unknown]>([
    ['nn.dense', () => nn.dense(2, odd)],
    ['nn.conv2d', () => nn.conv2d(2, 3, odd)],
    ['nn.layerNorm', () => nn.layerNorm(odd)],
    ['nn.groupNorm', () => nn.groupNorm(1, odd)],
    ['nn.avgPool', () => nn.avgPool(2, odd)],
    ['nn.maxPool', () => nn.maxPool(2, odd)],
    ['nn.lenet300100', () => nn.lenet300100(odd)],
    ['nn.lenet5', () => nn.lenet5(odd)],
    ['nn.conv16Conv32Fc100', () => nn.conv16Conv32Fc100(odd)],
    ['nn.vgg32', () => nn.vgg32(odd)],
    ['train.adam', () => train.adam(odd)],
    ['train.adamW', () => train.adamW(odd)],
    ['train.weightDecay', () => train.weightDecay(0.1, odd)],
    ['train.trades', () => train.trades(odd)],
    ['train.mart', () => train.mart(odd)],
    ['infinite.dense', () => ntk.infinite.dense(odd)],
    ['infinite.conv2d', () => ntk.infinite.conv2d(3, odd)],
    ['infinite.avgPool', () => ntk.infinite.avgPool(2, odd)],
    ['infinite.elementwise', () => ntk.infinite.elementwise(ops.tanh, odd)],
    ['infinite.kernel', () => evaluateOn((x: Tensor) => infinite.kernel(x, x, odd).ntk)(set.x)],
    ['mask.topK', () => evaluateOn((x: Tensor) => mask.topK(1, odd)(x))(set.x)],
    ['mask.topKPerLayer', () => evaluateOn((x: Tensor) => mask.topKPerLayer([1], odd)(x))(set.x)],
    ['ops.sum', () => evaluateOn(ops.sum(0, odd))(set.x)],
    ['ops.argMin', () => evaluateOn(ops.argMin(0, odd))(set.x)],
    ['ops.sort', () => evaluateOn(ops.sort(0, odd))(set.x)],
    ['ops.argSort', () => evaluateOn(ops.argSort(0, odd))(set.x)],
    ['ops.pad', () => evaluateOn(ops.pad([1, 1], [0, 0], odd))(set.x)],
    ['ops.conv2d', () => evaluateOn((x: Tensor) => ops.conv2d(x, odd)(x))(ndarray.full([1, 1, 2, 2], 1))],
    ['vmap', () => evaluateOn(vmap(twice, odd))(set.x)],
    ['mask.score.random', () => evaluateOn(random(odd))(params, key(0))],
    ['mask.score.magnitude', () => evaluateOn((p: nn.Params) => mask.score.magnitude(p, odd))(params)],
    ['mask.magnitudes', () => mask.magnitudes(params, odd)],
    ['mask.score.snip', () => mask.score.snip(net.apply, odd)],
    ['mask.score.grasp', () => mask.score.grasp(net.apply, odd)],
    ['mask.score.synflow', () => mask.score.synflow(net.apply, odd)],
    ['mask.score.kernelTrace', () => mask.score.kernelTrace(net, odd)],
    ['mask.parametrisation.sigmoid', () => mask.parametrisation.sigmoid({ density: 0.5 }, odd)],
    ['mask.parametrisation.hardConcrete', () => mask.parametrisation.hardConcrete({ density: 0.5 }, odd)],
    [
      'mask.parametrisation.expectedDensity',
      () => mask.parametrisation.expectedDensity({ density: 0.5 }, odd)(params, ops.ones([]))
    ],
    ['mask.objective', () => evaluateOn(objective)(params, set.x, key(0))],
    ['mask.distance', () => evaluateOn(distance)(params, set, key(0))],
    ['mask.matching', () => mask.matching(net, odd)],
    ['law', () => laws.law('x', laws.keys, () => laws.redraw('never'), odd)],
    ['law', () => laws.checkGrad(twice, [spec([2])], odd)],
    ['kernelIsPsd', () => laws.kernelIsPsd(twice as never, [spec([2]), spec([2])], odd)],
    ['vmapIsLoop', () => laws.vmapIsLoop(twice, [spec([2])], odd)],
    ['isProjection', () => laws.isProjection(twice as never, odd)],
    ['staysInside', () => laws.staysInside(twice as never, odd)],
    ['samplesAreAlone', () => laws.samplesAreAlone(twice as never, odd)],
    ['engineAgrees', () => laws.engineAgrees({} as never, twice, [spec([2])], odd)],
    ['shapes', () => laws.shapes(odd)],
    ['arrays', () => laws.arrays([2], odd)],
    ['programs', () => laws.programs(odd)]
  ])('is refused by %s', (operation, call) =>
    expect(refusalOf(call)).toMatchObject({ _tag: 'ArgumentError', operation, received: 'unheardOf' })
  )
  it.each<readonly [string, unknown]>([
    ['plot.spectrum', plot.spectrum([{ name: 'a', values: [1] }], odd)],
    ['plot.heatMap', plot.heatMap(kernel, odd)],
    ['explain', explain(twice, [spec([2])], odd)],
    ['data.idx', data.idx(odd)(new Uint8Array(0))],
    ['io.locate', io.locate('mnist', odd)()],
    ['plot.trajectories', plot.trajectories([{ name: 'a', predicted: [{ time: 0, value: 1 }] }], odd)]
  ])('is refused by %s', (operation, found) =>
    expect(found).toMatchObject({ left: { _tag: 'ArgumentError', operation, received: 'unheardOf' } })
  )
  it.each<readonly [string, Run]>([
    ['mask.transfer', mask.transfer(net, odd)(params, set, key(1))],
    ['mask.iterative', mask.iterative(net, odd)(params, set, key(1))],
    ['attack.overEpsilon', attack.overEpsilon(net.apply, odd)(params, set, key(1))],
    ['attack.overSteps', attack.overSteps(net.apply, odd)(params, set, key(1))],
    ['attack.prepare', attack.run(attack.pgd(pgd), odd)(net.apply)(params, set, key(1))],
    ['train.trainAndPrune', train.trainAndPrune(net.apply, odd, fit)(params, set, key(1))],
    ['experiment.run', () => experiment.run(experiment.digits(), odd)(withEngine())],
    [
      'lawAsync',
      () => rejectionOf(laws.lawAsync('x', laws.keys, () => Promise.resolve(laws.redraw('')), odd))
    ],
    ['enginesAgree', () => rejectionOf(Promise.resolve().then(() => laws.enginesAgree({} as never, odd)))],
    ['io.loadSet', () => io.loadSet('mnist', odd)],
    ['io.fetchSet', () => io.fetchSet('mnist', odd)],
    ['queue.openQueue', () => openQueue(odd)],
    ['queue.work', () => work({} as never, odd)]
  ])('is refused by %s', async (operation, effect) => {
    const opened = await openEngine({ require: 'reference' })()
    if (opened._tag === 'Left') throw new Error('no engine')
    expect(await effect(opened.right)()).toMatchObject({
      left: { _tag: 'ArgumentError', operation, received: 'unheardOf' }
    })
    await opened.right.dispose()
  })
})

describe('values of another kind', () => {
  it.each<readonly [() => unknown, string, string]>([
    [() => nn.dense(2, { parametrisation: 'NTK' as 'ntk' }), 'parametrisation', '"NTK"'],
    [() => nn.dense(2, { sigmaW: '1' as never }), 'sigmaW', '"1"'],
    [() => ndarray.fromNested([1, null as never]), '1', 'null'],
    [() => ndarray.fromNested(null as never), '0', 'null'],
    [() => ndarray.fromNested([[1, '2' as never]]), '1', '"2"'],
    [() => ndarray.of([2], [1, '2' as never]), '1', '"2"'],
    [() => ndarray.full([2], '1' as never), '0', '"1"'],
    [() => ndarray.scalar('1' as never), '0', '"1"'],
    [() => train.schedule.constant('0.1' as never), 'rate', '"0.1"'],
    [() => train.schedule.cosine(NaN), 'peak', 'NaN'],
    [() => train.schedule.linear(0.1, undefined as never), 'end', 'nothing'],
    [() => data.synthetic.blobs({ point: 3 } as never), 'options', 'point'],
    [() => data.synthetic.rings({ noise: '1' as never }), 'noise', '"1"'],
    [() => unwrap(exportOnnx(twice, [spec([1])], { metadata: { a: 3 as never } })), 'metadata, a', '3'],
    [() => nn.conv2d(1, 2, { padding: 'Same' as 'same' }), 'padding', '"Same"'],
    [() => nn.maxPool(2, { stride: [1, 2, 3] as never }), 'stride', '[1,2,3]'],
    [() => train.adam({ beta1: null as never }), 'beta1', 'null'],
    [() => ntk.infinite.conv2d(2, { padding: 'full' as 'same' }), 'padding', '"full"'],
    [() => evaluateOn(ops.sum(0, { keepDims: 1 as never }))(set.x), 'keepDims', '1'],
    [() => mask.score.snip(net.apply, { attack: 'pgd' as never }), 'attack', '"pgd"'],
    [() => mask.parametrisation.sigmoid({ density: 1 }, { from: '1' as never }), 'from', '"1"'],
    [() => laws.programs({ only: ['ad'] }), 'only', '["ad"]'],
    [() => laws.checkGrad(twice, [spec([2])], { runs: '10' as never }), 'runs', '"10"'],
    ...[0, -1, 1.5, NaN].map((runs): [() => unknown, string, string] => [
      () => laws.checkGrad(twice, [spec([2])], { runs }),
      'runs',
      `${runs}`
    ]),
    [() => unwrap(explain(twice, [spec([2])], { backends: ['webgl' as never] })), 'backends', '["webgl"]']
  ])('%o is refused', (call, where, received) => expect(refusalOf(call)).toMatchObject({ where, received }))
  it('a window of a text is refused', () =>
    expect(refusalOf(() => nn.conv2d(1, '3' as never))).toMatchObject({
      operation: 'nn.conv2d',
      received: '"3"'
    }))
})
