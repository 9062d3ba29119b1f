import type * as E from 'fp-ts/lib/Either.js'
import { attack, type Engine, key, mask, nn, ntk, type Tensor, train } from 'tangentflow'

export const net = nn.serial(nn.dense(4), nn.relu, nn.dense(3))
export const params = net.init(key(0), [2])
const options = { epsilon: 0.1, steps: 2, stepSize: 0.05, keep: 'best' } as const
type Box = { readonly box?: attack.Box }

const recipe = { epochs: 1, batch: 2, optimiser: train.sgd, schedule: train.schedule.constant(0.1) }
const pgdIn = (box: Box) => attack.pgd({ ...options, ...box })

/** Every function that takes inputs and an attack, or makes one. */
export const entries: Readonly<
  Record<string, (box: Box) => (data: nn.Dataset) => (engine: Engine) => Promise<E.Either<unknown, unknown>>>
> = {
  'attack.run': (box) => (d) => (engine) => attack.run(pgdIn(box))(net.apply)(params, d, key(1))(engine)(),
  'attack.run of restarts': (box) => (d) => (engine) =>
    attack.run(attack.restarts(2)(pgdIn(box)))(net.apply)(params, d, key(1))(engine)(),
  'attack.run of worst': (box) => (d) => (engine) =>
    attack.run(attack.worst(attack.none, pgdIn(box), attack.fgsm({ epsilon: 1, ...box })))(net.apply)(
      params,
      d,
      key(1)
    )(engine)(),
  'attack.run of APGD': (box) => (d) => (engine) =>
    attack.run(attack.apgd({ epsilon: 0.1, steps: 2, ...box }))(net.apply)(params, d, key(1))(engine)(),
  'attack.run of Square': (box) => (d) => (engine) =>
    attack.run(attack.square({ epsilon: 0.1, steps: 2, image: [1, 1, 2], ...box }))(net.apply)(
      params,
      d,
      key(1)
    )(engine)(),
  'attack.evaluate': (box) => (d) => (engine) =>
    attack.evaluate(net.apply, { attack: pgdIn(box) })(params, d, key(1))(engine)(),
  'attack.evaluate of several': (box) => (d) => (engine) =>
    attack.evaluate(net.apply, {
      attacks: [
        { name: 'none', attack: attack.none },
        { name: 'PGD', attack: pgdIn(box) }
      ]
    })(
      params,
      d,
      key(1)
    )(engine)(),
  'attack.evaluate of a transfer': (box) => (d) => (engine) =>
    attack.evaluate(net.apply, { attack: attack.transfer(net.apply, params)(pgdIn(box)) })(params, d, key(1))(
      engine
    )(),
  'attack.evaluate of the standard attacks': (box) => (d) => (engine) =>
    attack.evaluate(net.apply, {
      attacks: attack.standard({
        epsilon: 0.1,
        classes: 3,
        image: [1, 1, 2],
        steps: { pgd: 1, apgd: 2, square: 2 },
        ...box
      })
    })(
      params,
      d,
      key(1)
    )(engine)(),
  'attack.audit': (box) => (d) => (engine) =>
    attack.audit(net.apply, { epsilon: 0.1, steps: 2, queries: 2, image: [1, 1, 2], ...box })(
      params,
      d,
      key(1)
    )(engine)(),
  'attack.overEpsilon': (box) => (d) => (engine) =>
    attack.overEpsilon(net.apply, { attack: pgdIn(box), epsilons: [0, 0.1] })(params, d, key(1))(engine)(),
  'attack.overSteps': (box) => (d) => (engine) =>
    attack.overSteps(net.apply, { attack: pgdIn(box) })(params, d, key(1))(engine)(),
  'train.fit': (box) => (d) => (engine) =>
    train.fit(net.apply, { ...recipe, attack: pgdIn(box) })(params, d, key(1))(engine)(),
  'train.fit of a part of each batch': (box) => (d) => (engine) =>
    train.fit(net.apply, { ...recipe, attack: train.mixed(0.5)(pgdIn(box)) })(params, d, key(1))(engine)(),
  'train.fit of a scheduled attack': (box) => (d) => (engine) => {
    const at = (epsilon: Tensor) => attack.pgd({ ...options, epsilon, ...box })
    return train.fit(net.apply, { ...recipe, attack: { schedule: train.schedule.constant(0.1), at } })(
      params,
      d,
      key(1)
    )(engine)()
  },
  'train.fit of FGSM-RS': (box) => (d) => (engine) =>
    train.fit(net.apply, { ...recipe, attack: train.fgsmRs({ epsilon: 0.1, ...box }) })(params, d, key(1))(
      engine
    )(),
  'train.fit of TRADES': (box) => (d) => (engine) =>
    train.fit(net.apply, {
      ...recipe,
      objective: train.trades({ attack: (loss) => attack.pgd({ ...options, ...box, loss }) })
    })(
      params,
      d,
      key(1)
    )(engine)(),
  'train.fit of MART': (box) => (d) => (engine) =>
    train.fit(net.apply, {
      ...recipe,
      objective: train.mart({ attack: (loss) => attack.pgd({ ...options, ...box, loss }) })
    })(
      params,
      d,
      key(1)
    )(engine)(),
  'mask.oneShot': (box) => (d) => (engine) =>
    mask.oneShot(net, { method: 'snip', density: 0.5, epsilon: 0.1, ...box })(params, d, key(1))(engine)(),
  'mask.oneShot of GraSP': (box) => (d) => (engine) =>
    mask.oneShot(net, { method: 'grasp', density: 0.5, epsilon: 0.1, ...box })(params, d, key(1))(engine)(),
  'mask.oneShot in rounds': (box) => (d) => (engine) =>
    mask.oneShot(net, { method: 'kernelTrace', rounds: 2, density: 0.5, epsilon: 0.1, ...box })(
      params,
      d,
      key(1)
    )(engine)(),
  'mask.search': (box) => (d) => (engine) =>
    mask.search(net, { density: 0.5, epsilon: 0.1, steps: 1, batch: 2, ...box })(params, d, key(1))(engine)(),
  'mask.search from given scores': (box) => (d) => (engine) =>
    mask.search(net, { density: 0.5, epsilon: 0.1, steps: 1, batch: 2, start: nn.weightsOf(params), ...box })(
      params,
      d,
      key(1)
    )(engine)(),
  'mask.transfer': (box) => (d) => (engine) =>
    mask.transfer(net, { density: 0.5, steps: 1, batch: 2, attack: pgdIn(box) })(params, d, key(1))(engine)(),
  'ntk.predictAdversarial': (box) => (d) => (engine) =>
    ntk.predictAdversarial(net.apply, pgdIn(box), { times: [0], every: 1 })(params, d, key(1))(engine)()
}
