import { describe, expect, it } from 'vitest'
import { evaluateOn, key, nn, ntk, ops, spec, type Specs, type Tensor, tree } from 'tangentflow'
import { topological } from '../../lib/graph/graph.js'
import { normalOf } from '../support/images.js'
import { relativeError } from '../support/networks.js'
import { explained } from '../support/explained.js'

const kernel =
  (net: nn.Network) =>
  (p: nn.Params, x: Tensor): Tensor =>
    ntk.empiricalNtk(net.apply, { method: 'contracted' })(p, x)

/** The kernel as a product of whole Jacobians, one row an input and an output. */
const ofJacobians =
  (net: nn.Network) =>
  (p: nn.Params, x: Tensor): Tensor => {
    const parts = tree
      .tensors(ntk.jacobians(net.apply, p, x))
      .map((j) => ops.reshape([j.shape[0]!, j.shape[1]!, -1])(j))
    const j = ops.concat(2)(parts)
    return ops.einsum('nop,mqp->nmoq')(j, j)
  }

describe('the kernel of a convolutional network', () => {
  const small = nn.serial(
    nn.conv2d(2, 3, { padding: 'same', sigmaB: 0.1 }),
    nn.relu,
    nn.maxPool(2),
    nn.conv2d(3, 2, { stride: 2, sigmaB: 0.1 }),
    nn.relu,
    nn.flatten,
    nn.dense(2)
  )

  it('is the product of its Jacobians', () => {
    const params = small.init(key(0), [1, 8, 8])
    const x = normalOf(1, [3, 1, 8, 8])
    const [contracted, whole] = [kernel(small), ofJacobians(small)].map((f) => evaluateOn(f)(params, x))
    expect(relativeError(contracted!, whole!)).toBeLessThan(1e-12)
  })

  it('costs little more than one backward pass for each output: no Jacobian of the dense layer, one unfolding a layer', () => {
    const net = nn.serial(
      ...[16, 32].flatMap((channels) => [
        nn.conv2d(channels, 3, { padding: 'same' }),
        nn.relu,
        nn.maxPool(2)
      ]),
      nn.flatten,
      nn.dense(10)
    )
    const specs: Specs<[nn.Params, Tensor]> = [net.init(key(0), [1, 28, 28]), spec([16, 1, 28, 28])]
    const [contracted, whole] = [kernel(net), ofJacobians(net)].map((f) => explained(f, specs))
    expect(contracted!.cost.flops).toBeLessThan(0.55 * whole!.cost.flops)
    const nodes = topological(contracted!.optimised.outputs)
    expect(nodes.filter(({ op }) => op.tag === 'unfold').length).toBe(2)
    expect(nodes.filter(({ op }) => op.tag === 'fold').length).toBe(1)
    // 160 rows of derivatives of 15,680 weights never stand anywhere
    expect(nodes.every(({ shape }) => !shape.includes(1568) || shape.length < 4)).toBe(true)
  })
})
