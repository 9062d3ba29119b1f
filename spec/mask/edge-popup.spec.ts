import { describe, expect, it } from 'vitest'
import {
  attack,
  type Concrete,
  evaluateOn,
  fold,
  key,
  mask,
  ndarray,
  nn,
  openEngine,
  type Tensor,
  train,
  uniforms
} from 'tangentflow'
import { right } from '../support/either.js'
import { two } from '../support/two.js'
import { numbers, openReference } from '../support/masks.js'

const { net, params } = two

const starts = {
  'edge-popup': mask.edgePopupStart(key(3))(nn.weightsOf(params)),
  HYDRA: mask.hydraStart(nn.weightsOf(params))
} as const

describe('where trained scores start, by hand', () => {
  it('edge-popup: uniform in [0, 1/√2), a stream for each layer', () => {
    const draws = [0, 2].flatMap((l) => Array.from(uniforms(fold(l)(key(3)), 4)))
    numbers(starts['edge-popup']).forEach((s, i) => expect(s).toBeCloseTo(draws[i]! / Math.SQRT2, 6))
  })

  it('HYDRA: √(6 / 2) |w| / max |w|', () =>
    numbers(starts.HYDRA).forEach((s, i) =>
      expect(s).toBeCloseTo(Math.sqrt(3) * [1, 1, 1, 1, 2 / 3, 0, 1 / 3, 1][i]!, 6)
    ))
})

describe('one step of trained scores, by hand', () => {
  // both halves of the examples are the one that is worked by hand
  const data = { x: ndarray.fromNested([[1, 2], [1, 2]]), y: ndarray.fromNested([0, 0]) } // prettier-ignore
  const rate = 0.25

  const step = async (start: Concrete<nn.Weights>, attacked: attack.Attack) =>
    right(
      await mask.learn(net, {
        objective: mask.trainingLoss(net),
        parametrisation: mask.parametrisation.straightThrough({ density: 0.5, layers: 'uniform' }),
        start,
        attack: attacked,
        attackTarget: 'sparse',
        optimiser: train.sgd,
        steps: 1,
        batch: 1,
        rate: () => rate
      })(
        params,
        data,
        key(0)
      )(right(await openEngine({ require: 'reference' })()))()
    )

  /** Loss and ∂L/∂m = W ∂L/∂(mW) at x, of the mask that keeps (w₀₀, w₀₁) of W1 and (w₀₀, w₁₁) of W2. */
  const worked = ([x1, x2]: readonly [number, number]) => {
    // pre = (x₁, −x₁), h = (x₁, 0), f = (2x₁, 0), ∂L/∂f = (−q, q)
    const q = 1 / (1 + Math.exp(2 * x1))
    // ∂L/∂pre = (−2q, 0); ∂L/∂(mW2) = h (−q, q)
    const slopes = [-2 * q * x1, 0, -2 * q * x2, 0, 2 * -q * x1, 0, 0, 0]
    return { loss: Math.log(1 + Math.exp(-2 * x1)), slopes }
  }

  const moved = async (attacked: attack.Attack, x: readonly [number, number]): Promise<void> => {
    const { scores, history } = await step(starts.HYDRA, attacked)
    const { loss, slopes } = worked(x)
    expect(history[0]!.terms.loss).toBeCloseTo(loss, 6)
    const before = numbers(starts.HYDRA)
    numbers(scores).forEach((s, i) => expect(s).toBeCloseTo(before[i]! - rate * slopes[i]!, 6))
  }

  it('descends W ∂L/∂(mW), for weights that the mask removes too', () => moved(attack.none, [1, 2]))

  it('descends it on what is attacked, of the sparse network', () =>
    // the loss of the masked network falls with x₁ and does not see x₂
    moved(attack.fgsm({ epsilon: 0.25, box: [-9, 9] }), [0.75, 2]))

  it('starts from any scores: those of edge-popup in the mask of their largest', async () => {
    const { mask: found, history } = await step(starts['edge-popup'], attack.none)
    expect(mask.countKept(found)).toEqual([
      { kept: 2, total: 4 },
      { kept: 2, total: 4 }
    ])
    const kept = mask.topKMaskOf({ layers: 'uniform', density: 0.5 })(starts['edge-popup'])
    const [w1, w2] = mask
      .applyConcrete(kept)(params)
      .flatMap(({ w }) => (w === undefined ? [] : [w.data]))
    const hidden = [0, 1].map((j) => Math.max(0, w1![j]! + 2 * w1![2 + j]!))
    const [f0, f1] = [0, 1].map((o) => hidden[0]! * w2![o]! + hidden[1]! * w2![2 + o]!)
    expect(history[0]!.terms.loss).toBeCloseTo(Math.log(1 + Math.exp(f1! - f0!)), 6)
  })
})

it('a search adds so much of the loss of its masked network', async () => {
  // one example many times, so that every batch is the same
  const data = { x: ndarray.fromNested([[1, 2], [1, 2]]), y: ndarray.fromNested([0, 0]) } // prettier-ignore
  const at = async (loss: number): Promise<number> => {
    const options = {
      density: 0.5,
      epsilon: 0,
      box: undefined,
      steps: 1,
      batch: 1,
      start: starts.HYDRA,
      loss
    }
    const found = mask.search(net, options)(params, data, key(3))(await openReference())
    return right(await found()).history[0]!.loss
  }
  const kept = mask.topKMaskOf({ density: 0.5 })(starts.HYDRA)
  const trained = evaluateOn((m: nn.Weights, p: nn.Params, x: Tensor, y: Tensor) =>
    nn.crossEntropy(y)(net.apply(mask.apply(m)(p))(x))
  )(kept, params, data.x, data.y)
  expect((await at(3)) - (await at(0))).toBeCloseTo(3 * ndarray.toNumber(trained), 9)
})
