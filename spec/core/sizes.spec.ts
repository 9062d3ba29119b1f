import { describe, expect, it } from 'vitest'
import {
  attack,
  data,
  key,
  mask,
  ndarray,
  nn,
  normals,
  ntk,
  openEngine,
  split,
  train,
  uniforms
} from 'tangentflow'
import { attempt } from '../../lib/graph/trace.js'
import type { Runner } from '../../lib/graph/runner.js'
import { refusalOf } from '../support/refusal.js'

// Numbers that would be unrolled or allocated for hours: refused before that.

const net = nn.serial(nn.dense(3), nn.relu, nn.dense(2))
const params = net.init(key(0), [2])
const set = { x: ndarray.of([2, 2], [0, 0.5, 1, 0]), y: ndarray.of([2], [0, 1]) }
const box = { epsilon: 0.1 }
const many = [2 ** 31, 2 ** 31 - 1, 2 ** 53, 1e300]

/** Attacks that are refused as they are made, or as they are run. */
const refused = (make: () => attack.TracedAttack) => (runner: Runner) => async () => {
  const made = attempt(make)
  return made._tag === 'Left' ? made : attack.run(made.right)(net.apply)(params, set, key(0))(runner)()
}

describe('counts beyond all bounds', () => {
  it.each(many)('%d', (n) => {
    const made: readonly (() => unknown)[] = [
      () => split(n)(key(0)),
      () => nn.dense(n),
      () => nn.conv2d(n, [3, 3]),
      () => ndarray.zeros([n]),
      () => normals(key(0), n),
      () => uniforms(key(0), n),
      () => data.synthetic.blobs({ points: n })(key(0))
    ]
    for (const [i, make] of made.entries()) expect([i, refusalOf(make)._tag]).toEqual([i, 'ArgumentError'])
  })

  it('in what gives a TaskEither', async () => {
    const opened = await openEngine({ require: 'reference' })()
    if (opened._tag === 'Left') throw new Error('no engine')
    const engine = opened.right
    const fit = { epochs: 1, batch: 1, optimiser: train.sgd, schedule: train.schedule.constant(0.1) }
    const search = { density: 0.5, epsilon: 0.1, steps: 1, batch: 1 }
    for (const n of many) {
      const attacks = [
        () => attack.pgd({ ...box, steps: n, stepSize: 0.1 }),
        () => attack.pgd({ ...box, steps: 1, stepSize: 0.1, restarts: n }),
        () => attack.noise({ ...box, samples: n }),
        () => attack.apgd({ ...box, steps: n })
      ]
      const effects = [
        ...attacks.map((made) => refused(made)),
        train.fit(net.apply, { ...fit, epochs: n })(params, set, key(0)),
        train.fit(net.apply, { ...fit, unroll: n })(params, set, key(0)),
        mask.search(net, { ...search, steps: n })(params, set, key(0)),
        ntk.predictAdversarial(net.apply, attack.none, { times: [n], every: 1 })(params, set, key(0)),
        () => openEngine({ require: 'gpujs:cpu', threads: n }),
        mask.oneShot(net, { method: 'snip', density: 0.5, epsilon: 0.1, samples: n })(params, set, key(0))
      ]
      for (const [i, effect] of effects.entries())
        expect([i, await effect(engine)()]).toMatchObject([i, { left: { _tag: 'ArgumentError' } }])
    }
    await engine.dispose()
  })
})
