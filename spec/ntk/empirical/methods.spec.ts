import { describe, expect, it } from 'vitest'
import {
  evaluateOn,
  explain,
  key,
  ndarray,
  nn,
  ntk,
  ops,
  spec,
  type Specs,
  type Tensor,
  tree
} from 'tangentflow'
import { functionsAgree } from 'tangentflow/laws'
import {
  cnn,
  type Example,
  exampleKernel,
  exampleSpecs,
  type KernelArgs,
  mlp,
  odd,
  type OddParams
} from '../../support/models.js'
import { relativeError } from '../../support/networks.js'
import { runs } from '../../support/runs.js'
import * as E from 'fp-ts/lib/Either.js'

const others = ['contracted', 'vectorProduct', 'auto'] as const
const forms = ['full', 'diag', 'mean'] as const
const masks = ['restricted', 'linear', 'ambient'] as const

const methodsAgree = <P>(model: Example<P>): void => {
  for (const outputs of forms)
    for (const method of others)
      functionsAgree<KernelArgs<P>, Tensor>(
        `${method} = jacobian`,
        exampleKernel(model, { outputs, method }),
        exampleKernel(model, { outputs, method: 'jacobian' }),
        exampleSpecs(model),
        { runs: runs(6) }
      )
}

describe('the methods agree', () => {
  it('on a dense network', () => methodsAgree(mlp))
  it('on a convolutional network', () => methodsAgree(cnn))
  it('on any function of any tree', () => methodsAgree(odd))
  it('under every form of mask', () => {
    for (const mask of masks)
      for (const method of others) {
        const at =
          (options: ntk.KernelOptions) =>
          (p: nn.Params, x: Tensor, y: Tensor, m: nn.Weights): Tensor =>
            ntk.empiricalNtk(mlp.model, options)(p, x, y, m)
        const weights = (mlp.params as Specs<nn.Params>).map(({ w }) => (w === undefined ? {} : { w }))
        functionsAgree(
          `${method}, ${mask}`,
          at({ mask, method }),
          at({ mask, method: 'jacobian' }),
          [...exampleSpecs(mlp), weights] as Specs<readonly [nn.Params, Tensor, Tensor, nn.Weights]>,
          { runs: runs(4) }
        )
      }
  })
})

describe('the share of each leaf', () => {
  const sumsUp = <P>(model: Example<P>): void => {
    for (const method of ['jacobian', ...others] as const)
      functionsAgree<KernelArgs<P>, Tensor>(
        `Σ Θ_l = Θ, ${method}`,
        (p: P, x: Tensor, y: Tensor) =>
          tree
            .tensors(ntk.layerKernels(model.model, { method })(p, x, y))
            .reduce((total, share) => ops.add(share)(total)),
        exampleKernel(model, {}),
        exampleSpecs(model),
        { runs: runs(4) }
      )
  }
  it('adds up to the kernel', () => {
    sumsUp(mlp)
    sumsUp(cnn)
    sumsUp(odd)
  })
  it('is the kernel where all other leaves stand still', () =>
    functionsAgree<KernelArgs<OddParams>, Tensor>(
      'Θ_mix',
      (p, x, y) => ntk.layerKernels(odd.model, { outputs: 'mean' })(p, x, y).mix,
      (p, x, y) =>
        ntk.empiricalNtk((mix: Tensor) => odd.model({ ...p, mix }), { outputs: 'mean' })(p.mix, x, y),
      exampleSpecs(odd),
      { runs: runs(10) }
    ))
})

describe('auto', () => {
  it('sees a model that uses tensors of the trace around it', () => {
    const kernel = (shift: Tensor, w: Tensor, x: Tensor): Tensor => {
      const moved = ops.tanh(shift)
      return ntk.empiricalNtk((p: Tensor) => (z: Tensor) => ops.matmul(p)(ops.add(moved)(z)))(w, x)
    }
    const args = [
      ndarray.fromNested([0.3, -0.2]),
      ndarray.fromNested([[1], [2]]),
      ndarray.fromNested([
        [1, 2],
        [3, 4]
      ])
    ] as const
    const moved = [0.3, -0.2].map(Math.tanh)
    const rows = [
      [1 + moved[0]!, 2 + moved[1]!],
      [3 + moved[0]!, 4 + moved[1]!]
    ]
    const expected = rows.map((a) => rows.map((b) => [[a[0]! * b[0]! + a[1]! * b[1]!]]))
    expect(relativeError(evaluateOn(kernel)(...args), ndarray.fromNested(expected))).toBeLessThan(1e-12)
  })
})

describe('what a method takes', () => {
  const net = nn.serial(nn.dense(30), nn.relu, nn.dense(10))
  const params = net.init(key(0), [50])
  const parameters = params.reduce((n, { w, b }) => n + (w?.data.length ?? 0) + (b?.data.length ?? 0), 0)
  const [n, m, outputs] = [12, 9, 10]
  const predicted = ntk.predictCost(net.apply)(params, spec([n, 50]), spec([m, 50]))
  if (E.isLeft(predicted)) throw new Error('no prediction')
  const { candidates, method } = predicted.right

  it('is for the reference the product of both Jacobians, never merged', () => {
    const product = 2 * n * m * outputs ** 2 * parameters
    expect(candidates.jacobian.flops).toBeGreaterThan(product)
    expect(candidates.jacobian.flops).toBeLessThan(1.2 * product)
    expect(candidates.contracted.flops).toBeLessThan(product / 20)
  })
  it('is what explain says of the kernel', () => {
    for (const name of ['jacobian', 'contracted', 'vectorProduct'] as const) {
      const f = (p: nn.Params, x: Tensor, y: Tensor): Tensor =>
        ntk.empiricalNtk(net.apply, { method: name })(p, x, y)
      const explained = explain(f, [params, spec([n, 50]), spec([m, 50])])
      expect(E.isRight(explained) && explained.right.cost).toEqual(candidates[name])
    }
  })
  it('decides what auto picks', () => {
    expect(method).toBe('contracted')
    const work = (name: 'auto' | ntk.KernelMethod): unknown => {
      const f = (p: nn.Params, x: Tensor): Tensor => ntk.empiricalNtk(net.apply, { method: name })(p, x)
      const explained = explain(f, [params, spec([n, 50])])
      return E.isRight(explained) && explained.right.cost
    }
    expect(work('auto')).toEqual(work('contracted'))
  })
  it('is told for the kernel of a mask, or refused as a value', () => {
    const masked = ntk.predictCost(net.apply)(params, spec([n, 50]), undefined, [
      { w: spec([50, 30]) },
      ...params.slice(1).map(() => ({}))
    ])
    expect(E.isRight(masked) && masked.right.candidates.contracted.flops).toBeGreaterThan(
      candidates.contracted.flops
    )
    const wrong = ntk.predictCost(net.apply)(params, spec([n, 51]))
    expect(E.isLeft(wrong) && wrong.left._tag).toBe('ShapeError')
  })
})
