import { describe, expect, it } from 'vitest'
import { attack, evaluateOn, key, ndarray, nn } from 'tangentflow'

const net = nn.serial(nn.dense(4))
const params = net.init(key(0), [5])
const y = ndarray.of([2], [0, 2])
const batch = { x: ndarray.full([2, 5], 0.5), y, ids: y }
const ball = { epsilon: 0.1, steps: 2 }

type Restarted = (options: { readonly restarts?: number }) => attack.TracedAttack

const attacks: readonly (readonly [name: string, make: Restarted])[] = [
  ['pgd', (options) => attack.pgd({ ...ball, stepSize: 0.05, ...options })],
  ['apgd', (options) => attack.apgd({ ...ball, ...options })],
  ['apgdT', (options) => attack.apgdT({ ...ball, targets: 2, ...options })],
  ['square', (options) => attack.square({ ...ball, image: [1, 1, 5], ...options })]
]

describe('the restarts of an attack', () => {
  it.each(attacks)('are so many starts of %s', (_, make) => {
    const found = (options: { readonly restarts?: number }) =>
      evaluateOn(make(options)(net.apply))(params, batch, key(1))
    const [one, three] = [found({}), found({ restarts: 3 })]
    expect(found({ restarts: 1 })).toEqual(one)
    expect(three.losses.shape[0]).toBe(3 * one.losses.shape[0]!)
    three.success.data.forEach((success, i) => expect(success).toBeGreaterThanOrEqual(one.success.data[i]!))
  })
})
