import { attack, type Concrete, key, type NdArray, ndarray, nn, ops, type Tensor } from 'tangentflow'
import type { AttackUnderLaw } from 'tangentflow/laws'

export { right } from '../support/either.js'

/** The elements of an array. */
export const numbers = ({ data }: Pick<NdArray, 'data'>): readonly number[] => Array.from(data)

export const norms = ['linf', 'l2', 'l1'] as const

/** A network with its parameters inside: a model without parameters. */
const closed = (net: nn.Network, params: Concrete<nn.Params>) => {
  const constants = params.map((layer) =>
    Object.fromEntries(Object.entries(layer).map(([name, value]) => [name, ops.constant(value!)]))
  )
  return () => net.apply(constants)
}

/** A small network on inputs of the given shape, with inputs flattened. */
export const small = (shape: readonly number[], classes: number, seed = 5) => {
  const net = nn.serial(nn.flatten, nn.dense(6), nn.tanh, nn.dense(classes))
  return closed(net, net.init(key(seed), shape))
}

/** Every attack of the library in one norm, few steps each. Inputs are images of 2 × 3 pixels, classes at least 4. */
export const everyAttack = (
  norm: attack.Norm,
  epsilon: number,
  steps = 2
): readonly (readonly [name: string, attack: attack.TracedAttack])[] => [
  ['noise', attack.noise({ norm, epsilon, samples: 2 })],
  ['FGSM', attack.fgsm({ norm, epsilon })],
  ['PGD', attack.pgd({ norm, epsilon, steps, stepSize: 0.7 * epsilon })],
  ['PGD, best of two', attack.pgd({ norm, epsilon, steps, relativeStep: 2.5, keep: 'best', restarts: 2 })],
  ['MI-FGSM', attack.mifgsm({ norm, epsilon, steps, relativeStep: 1 })],
  ['APGD', attack.apgd({ norm, epsilon, steps: 2 * steps })],
  ['APGD-DLR', attack.apgd({ norm, epsilon, steps, loss: nn.dlr })],
  ['APGD-T', attack.apgdT({ norm, epsilon, steps, targets: 2 })],
  ['targeted PGD', attack.pgd({ norm, epsilon, steps, relativeStep: 2, target: attack.target.leastLikely })],
  [
    'worst of two',
    attack.worst(attack.fgsm({ norm, epsilon }), attack.restarts(2)(attack.noise({ norm, epsilon })))
  ],
  ...(norm !== 'l1'
    ? ([['Square', attack.square({ norm, epsilon, steps: 2 * steps, image: [1, 2, 3] })]] as const)
    : [])
]

/** An attack on a closed model as laws see it: all results. */
export const underLaw =
  (how: attack.TracedAttack, model: () => (x: Tensor) => Tensor): AttackUnderLaw =>
  (batch, noise) =>
    how(model)({}, batch, noise)

/** A batch of the unit box with ids. */
export const labelled = (
  seed: number,
  shape: readonly number[],
  classes: number
): Concrete<Required<nn.Batch>> => {
  const n = shape[0]!
  const size = shape.reduce((a, b) => a * b, 1)
  const draw = (k: number, count: number): number[] => {
    // a small congruential generator: the library's own would make a spec of it circular
    let state = (seed * 7919 + k * 104729 + 1) % 2147483647
    return Array.from({ length: count }, () => (state = (state * 48271) % 2147483647) / 2147483647)
  }
  return {
    x: ndarray.of(shape, Float32Array.from(draw(0, size))),
    y: ndarray.of(
      [n],
      Float32Array.from(draw(1, n), (u) => Math.floor(u * classes))
    ),
    ids: ndarray.of(
      [n],
      Float32Array.from({ length: n }, (_, i) => i)
    )
  }
}
