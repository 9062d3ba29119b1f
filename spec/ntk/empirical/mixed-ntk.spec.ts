import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  attack,
  type Concrete,
  evaluateOn,
  type Key,
  key,
  keySpec,
  ndarray,
  nn,
  ntk,
  ops,
  spec,
  type Specs,
  type Tensor
} from 'tangentflow'
import { checkGrad, functionsAgree, kernelIsPsd } from 'tangentflow/laws'
import { mlp, specsLike } from '../../support/models.js'
import { cases, relativeError, worked } from '../../support/networks.js'
import { runs } from '../../support/runs.js'

const few = { runs: runs(8) }
const mse = (y: Tensor) => (out: Tensor) => nn.mseEach(y)(out)
const fgsm = attack.fgsm({ epsilon: 0.1, box: [-10, 10], loss: mse })
const batch = { x: ndarray.fromNested([[1, 1]]), y: ndarray.fromNested([[1]]) }

describe('the worked example', () => {
  it('has x̃ = (.9, 1.1), Θ(x, x) = 4.25, Θ(x, x̃) = 4.525 and Θ(x̃, x̃) = 4.8525', () => {
    const all = (p: nn.Params, b: nn.Batch, k: Key): { readonly x: Tensor } & ntk.KernelBlocks => ({
      x: fgsm(worked.net.apply)(p, b, k).x,
      ...ntk.kernelBlocks(ntk.jointNtk(fgsm)(worked.net.apply, { outputs: 'mean' })(p, b, k))
    })
    const { x, clean, mixed, attacked } = evaluateOn(all)(worked.params, batch, key(0))
    expect(relativeError(x, ndarray.fromNested([[0.9, 1.1]]))).toBeLessThan(1e-12)
    expect([clean, mixed, attacked].map((k) => ndarray.toNumber(k).toFixed(10))).toEqual([
      '4.2500000000',
      '4.5250000000',
      '4.8525000000'
    ])
  })
  it('is shifted by .275 / 4.25, in the same direction', () => {
    const shift = (p: nn.Params, b: nn.Batch, k: Key): ntk.AttackShift =>
      ntk.attackShift(fgsm)(worked.net.apply)(p, b, k)
    const { distance, cosine } = evaluateOn(shift)(worked.params, batch, key(0))
    expect(ndarray.toNumber(distance)).toBeCloseTo(0.275 / 4.25, 12)
    expect(ndarray.toNumber(cosine)).toBeCloseTo(1, 12)
  })
  it('has shares of its layers: 2 of the inputs’ weights, 2.25 of the outputs’', () => {
    // at x = (1, 1): pre-activations 3/√2 and √2, so Σ relu²/2 = (9/2 + 2)/2 = 3.25, and Σ a² x·x/4 = 1
    const shares = (p: nn.Params, x: Tensor): nn.Params =>
      ntk.layerKernels(worked.net.apply, { outputs: 'mean' })(p, x)
    const [first, , last] = evaluateOn(shares)(worked.params, batch.x)
    expect(ndarray.toNumber(first!.w!)).toBeCloseTo(1, 12)
    expect(ndarray.toNumber(last!.w!)).toBeCloseTo(3.25, 12)
  })
})

describe('the mixed kernel', () => {
  it('meets the worked example', () => {
    const kernel = (
      p: nn.Params,
      b: nn.Batch,
      k: Key
    ): { readonly mixed: Tensor; readonly attacked: Tensor } => ({
      mixed: ntk.mixedNtk(fgsm)(worked.net.apply, { outputs: 'mean' })(p, b, k),
      attacked: ntk.empiricalNtk(worked.net.apply, { outputs: 'mean' })(p, fgsm(worked.net.apply)(p, b, k).x)
    })
    const value = evaluateOn(kernel)(worked.params, batch, key(0))
    expect(ndarray.toNumber(value.mixed)).toBeCloseTo(4.525, 10)
    expect(ndarray.toNumber(value.attacked)).toBeCloseTo(4.8525, 10)
  })

  it('with ε = 0 is the kernel itself', () =>
    fc.assert(
      fc.property(cases, ({ net, params, data }) => {
        const idle = attack.pgd({ epsilon: 0, steps: 2, stepSize: 0.1 })
        const mixed = (p: nn.Params, b: nn.Batch, k: Key): Tensor => ntk.mixedNtk(idle)(net.apply)(p, b, k)
        const plain = (p: nn.Params, b: nn.Batch): Tensor => ntk.empiricalNtk(net.apply)(p, b.x)
        expect(
          relativeError(evaluateOn(mixed)(params, data, key(1)), evaluateOn(plain)(params, data))
        ).toBeLessThan(1e-10)
      }),
      { numRuns: 30 }
    ))
})

describe('a joint kernel', () => {
  const pgd = attack.pgd({ epsilon: 0.3, steps: 3, stepSize: 0.2, box: [-9, 9] })
  type Attacked = readonly [nn.Params, nn.Batch, Key]
  const specs = [
    mlp.params,
    { x: spec([3, 4]), y: ndarray.fromNested([0, 2, 1]) },
    keySpec
  ] as Specs<Attacked>

  it('has the kernels of its parts as blocks', () => {
    for (const outputs of ['full', 'diag', 'mean'] as const) {
      const options = { outputs }
      functionsAgree<Attacked, ntk.KernelBlocks>(
        'blocks',
        (p, b, k) => ntk.kernelBlocks(ntk.jointNtk(pgd)(mlp.model, options)(p, b, k)),
        (p, b, k) => {
          const attacked = pgd(mlp.model)(p, b, k).x
          const kernel = (x: Tensor, y: Tensor): Tensor => ntk.empiricalNtk(mlp.model, options)(p, x, y)
          return {
            clean: kernel(b.x, b.x),
            mixed: ntk.mixedNtk(pgd)(mlp.model, options)(p, b, k),
            attacked: kernel(attacked, attacked)
          }
        },
        specs,
        { runs: runs(4) }
      )
    }
  })
  it('is positive semi-definite', () => {
    const joint = ([p, k]: readonly [nn.Params, Key], x: Tensor): Tensor =>
      ntk.jointNtk(pgd)(mlp.model)(p, { x, y: ops.iota([3]) }, k)
    kernelIsPsd(joint, [[mlp.params, keySpec], spec([3, 4])] as never, few)
  })
  it('can be taken apart only where it has two equal halves', () =>
    expect(() => evaluateOn(ntk.kernelBlocks)(ndarray.zeros([3, 3]))).toThrow('joint kernel'))
})

describe('gradients through kernels', () => {
  const net = nn.serial(nn.dense(3, { sigmaB: 0.1 }), nn.tanh, nn.dense(2, { sigmaB: 0.1 }))
  const start = net.init(key(0), [2])
  const params = specsLike<nn.Params>(start)
  const weights = (start as Concrete<nn.Params>).map(({ w }) => (w === undefined ? {} : { w: spec(w.shape) }))
  const target = spec([3, 2, 2, 2])
  const inputs = [spec([3, 2]), spec([2, 2])] as const
  const distance =
    (method: ntk.KernelMethod, form: ntk.MaskForm) =>
    (p: nn.Params, m: nn.Weights, x: Tensor, y: Tensor, to: Tensor): Tensor =>
      ntk.relativeDistance(to)(ntk.empiricalNtk(net.apply, { method, mask: form })(p, x, y, m))

  it.each(['contracted', 'jacobian', 'vectorProduct'] as const)(
    'are those of differences, in parameters and masks, %s',
    (method) => {
      for (const form of ['restricted', 'linear', 'ambient'] as const) {
        const f = distance(method, form)
        checkGrad(
          (p: nn.Params, m: nn.Weights, x: Tensor, y: Tensor, to: Tensor) => f(p, m, x, y, to),
          [params, weights, ...inputs, target] as never,
          { runs: runs(2) }
        )
        checkGrad(
          (m: nn.Weights, p: nn.Params, x: Tensor, y: Tensor, to: Tensor) => f(p, m, x, y, to),
          [weights, params, ...inputs, target] as never,
          { runs: runs(2) }
        )
      }
    }
  )
  it('are those of differences for the mixed kernel’s shift, the attack held', () => {
    const held =
      (shift: Tensor): attack.Attack =>
      () =>
      (_, { x }) => ({ x: ops.stopGradient(ops.add(shift)(x)) })
    for (const part of ['distance', 'cosine'] as const)
      checkGrad(
        (p: nn.Params, x: Tensor, shift: Tensor, k: Key) =>
          ntk.attackShift(held(shift))(net.apply)(p, { x, y: ops.iota([3]) }, k)[part],
        [params, spec([3, 2]), spec([3, 2]), keySpec] as never,
        { runs: runs(4) }
      )
  })
})
