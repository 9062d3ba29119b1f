import { afterAll } from 'vitest'
import {
  attack,
  data,
  evaluateOn,
  key,
  type Key,
  mask,
  ndarray,
  nn,
  ntk,
  openEngine,
  ops,
  plot,
  type Runner,
  spec,
  type Tensor,
  train
} from 'tangentflow'
import { blocked, solve } from 'tangentflow/blocks'
import * as laws from 'tangentflow/laws'
import { examples, inMemory, kernel as blockKernel, storesOf } from './blocks.js'
import { right } from './either.js'

const net = nn.serial(nn.dense(4))
const params = net.init(key(0), [2])
const weights = mask.magnitudes(params)
const x = ndarray.of([4, 2], [0, 0.5, 1, 0, 1, 1, 0, 0])
const ids = ndarray.of([4], [0, 1, 2, 3])
const set = { x, y: ids }
const kernel = ndarray.of([2, 2], [1, 0, 0, 1])
const targets = ndarray.of([2, 1], [0, 1])
const flow = { times: [1], start: ndarray.of([2, 1], [0, 0]) }
const image = [1, 1, 2] as const
const fgsm = attack.fgsm({ epsilon: 0.1 })
const towards = () => fgsm
const searched = { density: 0.5, epsilon: 0.1, steps: 1, batch: 2, samples: 4 }
const fitted = { epochs: 1, batch: 2, optimiser: train.sgd, schedule: train.schedule.constant(0.1) }
const clip = (centre: Tensor): Tensor => ops.clip(0, 1)(centre)
const unmoved: laws.AttackUnderLaw = ({ x }) => ({ x })
const draw = { shape: [2, 2], classes: 2, runs: 2 } as const

const opened = openEngine({ require: 'reference' })()
afterAll(async () => right(await opened).dispose())

/** A call with an object that has NaN for one of its options. */
type Call = (nan: object) => unknown

const run =
  (make: (nan: object) => (runner: Runner) => () => Promise<unknown>): Call =>
  async (nan) =>
    make(nan)(right(await opened))()

const attacked = (make: (nan: object) => attack.TracedAttack): Call =>
  run((nan) => attack.run(make(nan))(net.apply)(params, set, key(1)))

const scored =
  (make: (nan: object) => mask.Score): Call =>
  (nan) =>
    evaluateOn((p: nn.Params, at: Tensor, y: Tensor, k: Key) => make(nan)(p, { x: at, y, ids: y }, k))(
      params,
      x,
      ids,
      key(0)
    )

const layer =
  (make: (nan: object) => nn.Layer): Call =>
  (nan) => {
    const one = nn.serial(make(nan))
    return evaluateOn((p: nn.Params, at: Tensor) => one.apply(p)(at))(
      one.init(key(0), [4]),
      ndarray.full([2, 4], 1)
    )
  }

/** The numeric options of what is called, and the call. */
export const calls: Readonly<Record<string, readonly [options: string, call: Call]>> = {
  'attack.pgd': [
    'epsilon steps stepSize momentum restarts',
    attacked((nan) => attack.pgd({ epsilon: 0.1, steps: 1, stepSize: 0.1, ...nan }))
  ],
  'attack.pgd with relative steps': [
    'relativeStep',
    attacked((nan) => attack.pgd({ epsilon: 0.1, steps: 1, relativeStep: 1, ...nan }))
  ],
  'attack.pgd in L1': [
    'sparsity',
    attacked((nan) => attack.pgd({ norm: 'l1', epsilon: 0.1, steps: 1, stepSize: 0.1, ...nan }))
  ],
  'attack.noise': ['epsilon samples', attacked((nan) => attack.noise({ epsilon: 0.1, ...nan }))],
  'attack.apgd': [
    'epsilon steps rho restarts',
    attacked((nan) => attack.apgd({ epsilon: 0.1, steps: 2, ...nan }))
  ],
  'attack.apgdT': [
    'epsilon steps rho restarts targets',
    attacked((nan) => attack.apgdT({ epsilon: 0.1, steps: 2, targets: 1, ...nan }))
  ],
  'attack.square': [
    'epsilon steps fraction restarts',
    attacked((nan) => attack.square({ epsilon: 0.1, steps: 2, image, ...nan }))
  ],
  'attack.run': ['chunk', run((nan) => attack.run(fgsm, nan)(net.apply)(params, set, key(1)))],
  'attack.evaluate': [
    'batch chunk',
    run((nan) =>
      attack.evaluate(net.apply, { attacks: [{ name: 'fgsm', attack: fgsm }], ...nan })(params, set, key(1))
    )
  ],
  'attack.audit': [
    'epsilon steps stepSize queries batch',
    run((nan) =>
      attack.audit(net.apply, { epsilon: 0.1, steps: 1, queries: 1, image, ...nan })(params, set, key(1))
    )
  ],
  'attack.overEpsilon': [
    'batch chunk',
    run((nan) =>
      attack.overEpsilon(net.apply, { epsilons: [0.1], attack: attack.fgsm({ epsilon: 0 }), ...nan })(
        params,
        set,
        key(1)
      )
    )
  ],
  'mask.search': [
    'density epsilon steps batch samples rate c gamma horizon loss',
    run((nan) => mask.search(net, { ...searched, ...nan })(params, set, key(1)))
  ],
  'mask.transfer': [
    'density steps batch gamma lambda rate refresh',
    run((nan) => mask.transfer(net, { density: 0.5, steps: 1, batch: 2, ...nan })(params, set, key(1)))
  ],
  'mask.oneShot': [
    'density epsilon samples batch rounds',
    run((nan) =>
      mask.oneShot(net, { method: 'snip', density: 0.5, epsilon: 0.1, ...nan })(params, set, key(1))
    )
  ],
  'mask.iterative': [
    'density samples rounds',
    run((nan) =>
      mask.iterative(net, {
        score: (p: nn.Params) => mask.score.magnitude(p),
        density: 0.5,
        rounds: 1,
        ...nan
      })(params, set, key(1))
    )
  ],
  'mask.objective': [
    'c gamma horizon power',
    (nan) =>
      evaluateOn((m: nn.Weights, p: nn.Params, at: Tensor, k: Key) =>
        mask.objective(net.apply, nan)(m, p, at, at, k)
      )(weights, params, x, key(0))
  ],
  'mask.score.snip': ['batch', scored((nan) => mask.score.snip(net.apply, nan))],
  'mask.score.grasp': ['temperature', scored((nan) => mask.score.grasp(net.apply, nan))],
  'mask.score.kernelTrace': ['atOnce', scored((nan) => mask.score.kernelTrace(net, nan))],
  'mask.parametrisation.sigmoid': ['from to', (nan) => mask.parametrisation.sigmoid({ density: 0.5 }, nan)],
  'mask.parametrisation.hardConcrete': [
    'beta gamma zeta',
    (nan) => mask.parametrisation.hardConcrete({ density: 0.5 }, nan)
  ],
  'mask.parametrisation.gradual': [
    'levels until',
    (nan) => mask.parametrisation.gradual({ density: 0.5 }, nan)
  ],
  'train.fit': [
    'epochs batch unroll',
    run((nan) => train.fit(net.apply, { ...fitted, ...nan })(params, set, key(1)))
  ],
  'train.trainAndPrune': [
    'density',
    run((nan) => train.trainAndPrune(net.apply, { density: 0.5, ...nan }, fitted)(params, set, key(1)))
  ],
  'train.rewind': [
    'density rounds rewindEpoch',
    run((nan) => train.rewind(net.apply, { ...fitted, density: 0.5, ...nan })(params, set, key(1)))
  ],
  'train.meanLoss': ['batch', run((nan) => train.meanLoss(net.apply, nan)(params, set, key(1)))],
  'train.trades': [
    'beta',
    run((nan) =>
      train.fit(net.apply, { ...fitted, objective: train.trades({ attack: towards, ...nan }) })(
        params,
        set,
        key(1)
      )
    )
  ],
  'train.mart': [
    'lambda',
    run((nan) =>
      train.fit(net.apply, { ...fitted, objective: train.mart({ attack: towards, ...nan }) })(
        params,
        set,
        key(1)
      )
    )
  ],
  'train.adam': ['beta1 beta2 epsilon', (nan) => train.adam(nan)],
  'train.adamW': ['beta1 beta2 epsilon weightDecay', (nan) => train.adamW(nan)],
  'nn.dense': ['sigmaW sigmaB', layer((nan) => nn.dense(2, { parametrisation: 'ntk', ...nan }))],
  'nn.layerNorm': ['epsilon', layer((nan) => nn.layerNorm(nan))],
  'nn.lenet300100': ['classes', (nan) => nn.lenet300100(nan)],
  'ops.conv2d': [
    'groups',
    (nan) => evaluateOn((pixels: Tensor) => ops.conv2d(pixels, nan)(pixels))(ndarray.full([1, 1, 1, 1], 1))
  ],
  'ntk.infinite.elementwise': ['nodes', (nan) => ntk.infinite.elementwise(ops.tanh, nan)],
  'ntk.infinite.dense': [
    'sigmaW sigmaB width',
    (nan) => evaluateOn((at: Tensor) => ntk.infinite.serial(ntk.infinite.dense(nan)).kernel(at, at).ntk)(x)
  ],
  'ntk.tiled': ['tile maxBytes', run((nan) => ntk.tiled(net.apply, nan)(params, x))],
  'ntk.predictOde': [
    'relative absolute maxSteps',
    (nan) => ntk.predictOde(kernel, nn.mse, targets, { ...flow, ...nan })
  ],
  'ntk.predictDescent': [
    'rate momentum',
    (nan) => ntk.predictDescent(kernel, nn.mse, targets, { ...flow, rate: 0.1, ...nan })
  ],
  'ntk.predictMse': ['rate tolerance', (nan) => ntk.predictMse(kernel, targets, { times: [1], ...nan })],
  'ntk.predictAdversarial': [
    'rate every relative absolute maxSteps',
    run((nan) =>
      ntk.predictAdversarial(net.apply, fgsm, { times: [1], every: 1, ...nan })(params, set, key(0))
    )
  ],
  'ntk.kernelRegression': [
    'ridge tolerance',
    (nan) => ntk.kernelRegression(kernel, targets, { ridge: 0.1, ...nan })
  ],
  'ntk.maxLearningRate': ['examples momentum', (nan) => ntk.maxLearningRate(kernel, nan)],
  'data.idx': ['divisor', (nan) => data.idx(nan)(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 1, 7))],
  'data.synthetic.blobs': ['points features distance', (nan) => data.synthetic.blobs(nan)(key(0))],
  'data.synthetic.rings': ['points noise', (nan) => data.synthetic.rings(nan)(key(0))],
  openEngine: ['threads', (nan) => openEngine({ require: 'onnx:native', ...nan })()],
  'blocks.blocked': [
    'tile',
    run((nan) => blocked(blockKernel, { stores: storesOf(new Map()), ...nan })([], examples(3, 1)))
  ],
  'blocks.solve': [
    'ridge tolerance rank iterations',
    async (nan) => solve((await inMemory(examples(3, 1))).blocks, ndarray.zeros([3]), { ridge: 1, ...nan })()
  ],
  'laws.checkGrad': [
    'runs seed',
    (nan) => laws.checkGrad((at: Tensor) => ops.sum()(at), [spec([2])], { runs: 2, ...nan })
  ],
  'laws.kernelIsPsd': [
    'rank tolerance',
    (nan) =>
      laws.kernelIsPsd(
        (_: Tensor, a: Tensor, b: Tensor) => ops.einsum('ni,mi->nm')(a, b),
        [spec([3]), spec([2, 3])],
        { runs: 2, ...nan }
      )
  ],
  'laws.vmapIsLoop': [
    'size',
    (nan) => laws.vmapIsLoop((at: Tensor) => ops.scale(2)(at), [spec([2])], { runs: 2, ...nan })
  ],
  'laws.engineAgrees': [
    'factor unit',
    async (nan) =>
      laws.engineAgrees(right(await opened), (at: Tensor) => ops.scale(2)(at), [spec([2])], {
        runs: 2,
        ...nan
      })
  ],
  'laws.isProjection': [
    'reach tolerance',
    (nan) => laws.isProjection(clip, { shape: [2, 2], runs: 2, ...nan })
  ],
  'laws.staysInside': [
    'epsilon classes',
    (nan) => laws.staysInside(unmoved, { norm: 'linf', epsilon: 0.1, ...draw, ...nan })
  ],
  'laws.shapes': ['minRank maxRank maxSize', (nan) => laws.shapes(nan)],
  'laws.arrays': ['min max', (nan) => laws.arrays([2], nan)],
  'laws.programs': ['minRank maxRank maxSize maxSteps', (nan) => laws.programs(nan)],
  'plot.histogram': ['bins width', (nan) => plot.histogram([{ name: 'a', values: [1, 2] }], nan)],
  'plot.lines': ['width', (nan) => plot.lines([{ name: 'a', points: [{ x: 0, y: 1 }] }], nan)]
}
