import { pipe } from 'fp-ts/lib/function.js'
import {
  attack,
  type Concrete,
  evaluateOn,
  key,
  type Key,
  mask,
  ndarray,
  nn,
  normals,
  ntk,
  ops,
  type Tensor,
  train,
  tree
} from 'tangentflow'
import { describe, expect, it } from 'vitest'
import { right } from '../support/either.js'
import { openReference } from '../support/masks.js'
import { batchOf, maxDifference } from '../support/networks.js'

/** Parameters as a user writes them: records in a record, a scalar beside them. */
type Nested = {
  readonly encoder: { readonly first: Affine; readonly second: Affine }
  readonly head: Affine
  readonly temperature: Tensor
}
type Affine = { readonly kernel: Tensor; readonly shift: Tensor }

const through =
  ({ kernel, shift }: Affine) =>
  (x: Tensor): Tensor =>
    ops.add(shift)(ops.matmul(kernel)(x))

const model =
  ({ encoder, head, temperature }: Nested) =>
  (x: Tensor): Tensor => {
    const hidden = ops.relu(through(encoder.second)(ops.relu(through(encoder.first)(x))))
    return ops.mul(temperature)(through(head)(hidden))
  }

const net = nn.serial(nn.dense(6), nn.relu, nn.dense(5), nn.relu, nn.dense(3))

const layered = net.init(key(2), [4]).map(({ w, b }, l) => ({
  ...(w && { w }),
  ...(b && { b: ndarray.of(b.shape, normals(key(20 + l), b.data.length)) })
}))

const nest = (layers: Concrete<nn.Params>): Concrete<Nested> => {
  const affine = (l: number) => ({ kernel: layers[l]!.w!, shift: layers[l]!.b! })
  return {
    encoder: { first: affine(0), second: affine(2) },
    head: affine(4),
    temperature: ndarray.scalar(1)
  }
}

const params = nest(layered)
const data = batchOf(3, 12, 4, 3)
const handWritten = { apply: model }

/** The arrays of a tree of weights, in order. */
const arraysOf = (weights: object) => Object.values(tree.named(weights))

const recipe = {
  epochs: 2,
  batch: 4,
  optimiser: train.momentum(0.9),
  schedule: train.schedule.constant(0.1),
  attack: attack.pgd({ epsilon: 0.1, steps: 2, stepSize: 0.1 })
}

const numbers = (weights: object) => arraysOf(weights).flatMap(({ data: values }) => Array.from(values))

const sameArrays = (a: object, b: object, tolerance = 0): void => {
  const [left, right_] = [arraysOf(a), arraysOf(b)]
  expect(left.length).toBe(right_.length)
  left.forEach((array, i) => expect(maxDifference(array, right_[i]!)).toBeLessThanOrEqual(tolerance))
}

describe('parameters that are a nested record', () => {
  it('have as weights the leaves of two axes or more', () => {
    expect(Object.keys(tree.named(nn.weightsOf(params)))).toEqual([
      'encoder.first.kernel',
      'encoder.second.kernel',
      'head.kernel'
    ])
    expect(nn.weightsOf(params, { biases: true })).toEqual(params)
    const [w, b] = [ndarray.zeros([2, 2]), ndarray.zeros([2])]
    expect(nn.weightsOf([w, b, w])).toEqual([w, {}, w])
  })

  it.each(['snip', 'grasp', 'synflow', 'magnitude'] as const)(
    'have the %s scores of the same layers',
    async (method) => {
      const runner = await openReference()
      const options = { method, density: 0.4, epsilon: 0.05, rounds: 2, layers: 'global' } as const
      const nested = right(await mask.oneShot(handWritten, options)(params, data, key(1))(runner)())
      const flat = right(await mask.oneShot(net, options)(layered, data, key(1))(runner)())
      sameArrays(nested.mask, flat.mask)
      expect(mask.density(nested.mask)).toBeCloseTo(0.4, 1)
      expect(nested.emptyLayers).toEqual(flat.emptyLayers)
    }
  )

  it('have kernel-trace scores that are the share of each leaf in the trace of the kernel', () => {
    const scores = evaluateOn((p: Nested, batch: nn.Batch, k: Key) =>
      mask.score.kernelTrace(handWritten, { biases: true })(p, batch, k)
    )(params, data, key(1))
    const shares = evaluateOn((p: Nested, x: Tensor) =>
      pipe(
        p,
        tree.zipWith(ntk.jacobians(model, p, x), (leaf, j) =>
          ops.mul(ops.abs(leaf))(ops.sqrt(ops.sum(0)(ops.mean(0)(ops.square(j)))))
        )
      )
    )(params, data.x)
    const all = numbers(shares)
    const mean = all.reduce((sum, share) => sum + share, 0) / all.length
    expect(Object.keys(tree.named(scores))).toEqual(Object.keys(tree.named(shares)))
    numbers(scores).forEach((score, i) => expect(score).toBeCloseTo(all[i]! / mean, 9))
  })

  it('train under a mask as the same layers do', async () => {
    const runner = await openReference()
    const flatMask = mask.topKMaskOf({ density: 0.5 })(mask.magnitudes(layered))
    const nestedMask = mask.topKMaskOf({ density: 0.5 })(mask.magnitudes<Nested>(params))
    const flat = right(
      await train.fit(net.apply, { ...recipe, mask: flatMask })(layered, data, key(4))(runner)()
    )
    // a temperature of 1 that learns would change the function, so it is left out of the comparison
    const fixed = (p: Pick<Nested, 'encoder' | 'head'>) => (x: Tensor) =>
      model({ ...p, temperature: ops.ones([]) })(x)
    const rest = { encoder: params.encoder, head: params.head }
    const nested = right(
      await train.fit(fixed, { ...recipe, mask: nestedMask })(rest, data, key(4))(runner)()
    )
    expect(nested.losses.length).toBe(flat.losses.length)
    nested.losses.forEach((loss, i) => expect(loss).toBeCloseTo(flat.losses[i]!, 12))
    const { encoder, head } = nest(flat.params)
    sameArrays(nested.params, { encoder, head }, 1e-12)
  })

  it('are pruned after training, rewound and trained anew', async () => {
    const runner = await openReference()
    const pruned = right(
      await train.trainAndPrune(model, { density: 0.5 }, recipe)(params, data, key(4))(runner)()
    )
    expect(mask.density(pruned.mask)).toBeCloseTo(0.5, 1)
    const rewound = right(
      await train.rewind(model, { ...recipe, density: 0.25, rounds: 2 })(params, data, key(4))(runner)()
    )
    expect(mask.density(rewound.mask)).toBeCloseTo(0.25, 1)
    expect(rewound.params).toBe(params)
  })
})

describe('searches over a nested record', () => {
  it('find the ticket of the same layers from the same scores', async () => {
    const runner = await openReference()
    const options = { density: 0.5, epsilon: 0.05, steps: 3, batch: 4 } as const
    const find = async <P>(network: nn.NetworkLike<P>, from: Concrete<P>, start: Concrete<nn.Weights<P>>) =>
      right(await mask.search(network, { ...options, start })(from, data, key(5))(runner)())
    const flat = await find(net, layered, mask.hydraStart(nn.weightsOf(layered)))
    const nested = await find(handWritten, params, mask.hydraStart(nn.weightsOf(params)))
    sameArrays(nested.mask, flat.mask)
    expect(nested.history.map(({ flips }) => flips)).toEqual(flat.history.map(({ flips }) => flips))
  })

  it('start from the kernel-trace score, and edge-popup from scores of its own for each leaf', async () => {
    const runner = await openReference()
    const found = right(
      await mask.search(handWritten, { density: 0.25, epsilon: 0.05, steps: 2, batch: 4, biases: true })(
        params,
        data,
        key(5)
      )(runner)()
    )
    expect(mask.density(found.mask)).toBeCloseTo(0.25, 1)
    const popup = arraysOf(mask.edgePopupStart(key(1))(params))
    const firsts = popup.map(({ data: scores }) => scores[0]! * Math.sqrt(2))
    expect(new Set(firsts).size).toBe(popup.length)
  })

  it('transfer the kernel to a sparse student', async () => {
    const runner = await openReference()
    const student = right(
      await mask.transfer(handWritten, { density: 0.5, steps: 4, batch: 3, refresh: 2 })(
        params,
        data,
        key(6)
      )(runner)()
    )
    expect(mask.density(student.mask)).toBeCloseTo(0.5, 1)
    expect(Object.keys(tree.named(student.params))).toEqual(Object.keys(tree.named(params)))
  })
})
