import type * as TE from 'fp-ts/lib/TaskEither.js'
import { attack, type HostKey, key, mask, nn, ntk, type Runner, type Tensor, train } from 'tangentflow'

export const net = nn.serial(nn.dense(4), nn.relu, nn.dense(3))
export const params = net.init(key(0), [2])
const model = net.apply
const options = { epsilon: 0.1, steps: 2, stepSize: 0.05, keep: 'best' } as const
type Box = { readonly box?: attack.Box }

const pgdIn = (box: Box) => attack.pgd({ ...options, ...box })

/** What runs on a set once it is given parameters, the set and a key. */
export type Entry = (
  start: typeof params,
  data: nn.Dataset,
  from: HostKey
) => (runner: Runner) => TE.TaskEither<unknown, unknown>

const attacks = (...named: readonly (readonly [name: string, attack: attack.Attack])[]) =>
  named.map(([name, how]) => ({ name, attack: how }))

const fitted = (
  part: Pick<train.FitOptions, 'attack' | 'objective'>
): ReturnType<typeof train.fit<nn.Params>> =>
  train.fit(model, {
    epochs: 1,
    batch: 2,
    optimiser: train.sgd,
    schedule: train.schedule.constant(0.1),
    ...part
  })

/** Every function that takes inputs and an attack, or makes one. */
export const entries: Readonly<Record<string, (box: Box) => Entry>> = {
  'attack.run': (box) => attack.run(pgdIn(box))(model),
  'attack.run of restarts': (box) => attack.run(attack.restarts(2)(pgdIn(box)))(model),
  'attack.run of worst': (box) =>
    attack.run(attack.worst(attack.none, pgdIn(box), attack.fgsm({ epsilon: 1, ...box })))(model),
  'attack.run of APGD': (box) => attack.run(attack.apgd({ epsilon: 0.1, steps: 2, ...box }))(model),
  'attack.run of Square': (box) =>
    attack.run(attack.square({ epsilon: 0.1, steps: 2, image: [1, 1, 2], ...box }))(model),
  'attack.evaluate': (box) => attack.evaluate(model, { attack: pgdIn(box) }),
  'attack.evaluate of several': (box) =>
    attack.evaluate(model, { attacks: attacks(['none', attack.none], ['PGD', pgdIn(box)]) }),
  'attack.evaluate of a transfer': (box) =>
    attack.evaluate(model, { attack: attack.transfer(model, params)(pgdIn(box)) }),
  'attack.evaluate of the standard attacks': (box) => {
    const steps = { pgd: 1, apgd: 2, square: 2 }
    const all = attack.standard({ epsilon: 0.1, classes: 3, image: [1, 1, 2], steps, ...box })
    return attack.evaluate(model, { attacks: all })
  },
  'attack.audit': (box) =>
    attack.audit(model, { epsilon: 0.1, steps: 2, queries: 2, image: [1, 1, 2], ...box }),
  'attack.overEpsilon': (box) => attack.overEpsilon(model, { attack: pgdIn(box), epsilons: [0, 0.1] }),
  'attack.overSteps': (box) => attack.overSteps(model, { attack: pgdIn(box) }),
  'train.fit': (box) => fitted({ attack: pgdIn(box) }),
  'train.fit of a part of each batch': (box) => fitted({ attack: train.mixed(0.5)(pgdIn(box)) }),
  'train.fit of a scheduled attack': (box) => {
    const at = (epsilon: Tensor) => attack.pgd({ ...options, epsilon, ...box })
    return fitted({ attack: { schedule: train.schedule.constant(0.1), at } })
  },
  'train.fit of FGSM-RS': (box) => fitted({ attack: train.fgsmRs({ epsilon: 0.1, ...box }) }),
  'train.fit of TRADES': (box) =>
    fitted({ objective: train.trades({ attack: (loss) => attack.pgd({ ...options, ...box, loss }) }) }),
  'train.fit of MART': (box) =>
    fitted({ objective: train.mart({ attack: (loss) => attack.pgd({ ...options, ...box, loss }) }) }),
  'mask.oneShot': (box) => mask.oneShot(net, { method: 'snip', density: 0.5, epsilon: 0.1, ...box }),
  'mask.oneShot of GraSP': (box) =>
    mask.oneShot(net, { method: 'grasp', density: 0.5, epsilon: 0.1, ...box }),
  'mask.oneShot in rounds': (box) =>
    mask.oneShot(net, { method: 'kernelTrace', rounds: 2, density: 0.5, epsilon: 0.1, ...box }),
  'mask.search': (box) => mask.search(net, { density: 0.5, epsilon: 0.1, steps: 1, batch: 2, ...box }),
  'mask.search from given scores': (box) => {
    const start = nn.weightsOf(params)
    return mask.search(net, { density: 0.5, epsilon: 0.1, steps: 1, batch: 2, start, ...box })
  },
  'mask.transfer': (box) => mask.transfer(net, { density: 0.5, steps: 1, batch: 2, attack: pgdIn(box) }),
  'ntk.predictAdversarial': (box) => ntk.predictAdversarial(model, pgdIn(box), { times: [0], every: 1 })
}
