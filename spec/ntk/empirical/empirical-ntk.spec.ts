import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Concrete,
  evaluateOn,
  jacfwd,
  key,
  mask,
  type NdArray,
  ndarray,
  nn,
  normals,
  ntk,
  ops,
  spec,
  type Tensor,
  trace,
  tree,
  uniforms
} from 'tangentflow'
import { isSymmetricPsd } from 'tangentflow/laws'
import { batchOf, type Case, cases, relativeError, worked } from '../../support/networks.js'

type Kernel = (p: nn.Params, x1: Tensor, x2: Tensor, m: nn.Weights) => Tensor

const kernelOf =
  (net: nn.Network, options: ntk.KernelOptions, isMasked: boolean): Kernel =>
  (p, x1, x2, m) =>
    ntk.empiricalNtk(net.apply, options)(p, x1, x2, isMasked ? m : undefined)

/** A mask of the weights with entries in [0, 1), or 0 and 1. */
const maskOf = (params: Concrete<nn.Params>, seed: number, binary: boolean): Concrete<nn.Weights> =>
  params.map(({ w }, l) =>
    w === undefined
      ? {}
      : {
          w: ndarray.of(
            w.shape,
            uniforms(key(seed + 100 + l), w.data.length).map((u) => (binary ? Math.round(u) : u))
          )
        }
  )

const secondBatch = ({ data, seed }: Case): NdArray => batchOf(seed + 50, 3, data.x.shape[1]!, 2).x

/** J diag(factor) Jᵀ with J by forward mode, leaf by leaf, from its definition. */
const explicit =
  (net: nn.Network, form: ntk.MaskForm | undefined): Kernel =>
  (p, x1, x2, m) => {
    const effective = form === undefined ? p : mask.apply(m)(p)
    const jacobian = (x: Tensor): readonly Tensor[] =>
      tree
        .tensors(jacfwd((q: nn.Params) => net.apply(q)(x))(effective))
        .map((j) => ops.reshape([j.shape[0]!, j.shape[1]!, -1])(j))
    const factors = tree.pairs('spec', p, m).map(({ value, match }) => {
      const one = ops.ones(value.shape)
      const factor = match === undefined || form === undefined || form === 'ambient' ? one : match
      return ops.reshape([-1])(form === 'restricted' ? ops.square(factor) : factor)
    })
    const right = jacobian(x2)
    return jacobian(x1)
      .map((left, l) => ops.einsum('noa,a,mpa->nmop')(left, factors[l]!, right[l]!))
      .reduce((a, b) => ops.add(b)(a))
  }

const forms = [undefined, 'restricted', 'linear', 'ambient'] as const

describe('the empirical kernel', () => {
  it('meets the worked example', () => {
    const kernel = (p: nn.Params, x: Tensor): Tensor =>
      ntk.empiricalNtk(worked.net.apply, { outputs: 'mean' })(p, x)
    const value = evaluateOn(kernel)(worked.params, worked.x)
    expect(
      relativeError(
        value,
        ndarray.fromNested([
          [17 / 4, 1],
          [1, 1 / 2]
        ])
      )
    ).toBeLessThan(1e-12)
  })

  it('is the product of explicit Jacobians, masked in every form', () =>
    fc.assert(
      fc.property(cases, fc.boolean(), (example, binary) => {
        const { net, params, data, seed } = example
        const args = [params, data.x, secondBatch(example), maskOf(params, seed, binary)] as const
        for (const form of forms) {
          const options = form === undefined ? {} : { mask: form }
          const ours = evaluateOn(kernelOf(net, options, form !== undefined))(...args)
          expect(relativeError(ours, evaluateOn(explicit(net, form))(...args))).toBeLessThan(1e-9)
        }
      })
    ))

  it('is symmetric and positive semi-definite', () =>
    fc.assert(
      fc.property(cases, ({ net, params, data, seed }) => {
        for (const form of forms) {
          const kernel = (p: nn.Params, x: Tensor, m: nn.Weights): Tensor =>
            ntk.empiricalNtk(net.apply, form === undefined ? {} : { mask: form })(
              p,
              x,
              x,
              form === undefined ? undefined : m
            )
          expect(
            isSymmetricPsd(evaluateOn(kernel)(params, data.x, maskOf(params, seed, false)), 1e-9).holds
          ).toBe(true)
        }
      })
    ))

  it('satisfies Θ(X, Y) = Θ(Y, X)ᵀ', () =>
    fc.assert(
      fc.property(cases, (example) => {
        const kernel = (p: nn.Params, x: Tensor, y: Tensor): Tensor =>
          ntk.empiricalNtk(example.net.apply)(p, x, y)
        const [x, y] = [example.data.x, secondBatch(example)]
        const turned = evaluateOn(ops.transpose([1, 0, 3, 2]))(evaluateOn(kernel)(example.params, y, x))
        expect(relativeError(evaluateOn(kernel)(example.params, x, y), turned)).toBeLessThan(1e-10)
      })
    ))

  it('has diag and mean as parts of full', () =>
    fc.assert(
      fc.property(cases, (example) => {
        const { net, params, data, seed, classes } = example
        const args = [params, data.x, secondBatch(example), maskOf(params, seed, false)] as const
        const at = (outputs: 'full' | 'diag' | 'mean'): NdArray =>
          evaluateOn(kernelOf(net, { outputs }, true))(...args)
        const diagonal = evaluateOn(ops.einsum('nmoo->nmo') as (x: Tensor) => Tensor)(at('full'))
        expect(relativeError(at('diag'), diagonal)).toBeLessThan(1e-10)
        const trace_ = evaluateOn((d: Tensor) => ops.scale(1 / classes)(ops.sum(2)(d)))(diagonal)
        expect(relativeError(at('mean'), trace_)).toBeLessThan(1e-10)
      })
    ))

  it('in its linear form is additive: Θ_m + Θ_{1−m} = Θ where the masks leave J at one point', () => {
    // a single linear layer: its Jacobian does not depend on the parameters
    const net = nn.serial(nn.dense(3, { bias: false }))
    const params = net.init(key(1), [4])
    const { x } = batchOf(2, 3, 4, 3)
    const m = maskOf(params, 3, false)
    const complement = (mm: nn.Weights): nn.Weights => tree.map((v) => ops.sub(v)(ops.ones(v.shape)))(mm)
    const rest = evaluateOn(complement)(m)
    const at = (mm: Concrete<nn.Weights>): NdArray =>
      evaluateOn(kernelOf(net, { mask: 'linear' }, true))(params, x, x, mm)
    const sum = evaluateOn((a: Tensor, b: Tensor) => ops.add(b)(a))(at(m), at(rest))
    expect(relativeError(sum, evaluateOn(kernelOf(net, {}, false))(params, x, x, m))).toBeLessThan(1e-10)
  })

  it('distinguishes restricted and ambient on the worked example', () => {
    const m: Concrete<nn.Weights> = [
      {
        w: ndarray.fromNested([
          [1, 1],
          [0, 1]
        ])
      },
      {},
      {}
    ]
    const x = ndarray.fromNested([[1, 1]])
    const at = (form: ntk.MaskForm): number =>
      ndarray.toNumber(
        evaluateOn(kernelOf(worked.net, { mask: form, outputs: 'mean' }, true))(worked.params, x, x, m)
      )
    expect(at('restricted')).toBeCloseTo(2, 12)
    expect(at('linear')).toBeCloseTo(2, 12)
    expect(at('ambient')).toBeCloseTo(2.25, 12)
  })

  it('restricted is the kernel of θ ↦ f(m∘θ)', () =>
    fc.assert(
      fc.property(cases, (example) => {
        const { net, params, data, seed } = example
        const direct = (p: nn.Params, x1: Tensor, x2: Tensor, m: nn.Weights): Tensor =>
          ntk.empiricalNtk((q: nn.Params) => net.apply(mask.apply(m)(q)))(p, x1, x2)
        const args = [params, data.x, secondBatch(example), maskOf(params, seed, false)] as const
        expect(
          relativeError(evaluateOn(kernelOf(net, {}, true))(...args), evaluateOn(direct)(...args))
        ).toBeLessThan(1e-9)
      })
    ))

  it('refuses a loss where logits are meant, and a mask beside the parameters', () => {
    const net = nn.serial(nn.dense(2))
    const params = net.init(key(0), [3])
    const loss =
      (p: nn.Params) =>
      (x: Tensor): Tensor =>
        ops.sum()(net.apply(p)(x))
    const bad = trace((p: nn.Params, x: Tensor) => ntk.empiricalNtk(loss)(p, x), [params, spec([2, 3])])
    expect(E.isLeft(bad) && bad.left._tag).toBe('ShapeError')
    for (const m of [[{ w: ndarray.zeros([2, 3]) }], [{}, { w: ndarray.zeros([3, 2]) }]]) {
      const stray = trace(kernelOf(net, {}, true), [params, spec([2, 3]), spec([2, 3]), m])
      expect(E.isLeft(stray) && stray.left._tag).toBe('TreeError')
    }
  })
})

describe('the kernel–vector product', () => {
  it('is the matrix product, masked in every form', () =>
    fc.assert(
      fc.property(cases, (example) => {
        const { net, params, data, seed, classes } = example
        const x2 = secondBatch(example)
        const v = ndarray.of([x2.shape[0]!, classes], normals(key(seed + 9), x2.shape[0]! * classes))
        const m = maskOf(params, seed, false)
        for (const form of forms) {
          const options = form === undefined ? {} : { mask: form }
          const isMasked = form !== undefined
          const matrixFree = (p: nn.Params, x: Tensor, y: Tensor, mm: nn.Weights, vv: Tensor): Tensor =>
            ntk.ntkVectorProduct(net.apply, options)(p, x, y, vv, isMasked ? mm : undefined)
          const product = (p: nn.Params, x: Tensor, y: Tensor, mm: nn.Weights, vv: Tensor): Tensor =>
            ops.einsum('nmop,mp->no')(kernelOf(net, options, isMasked)(p, x, y, mm), vv)
          const args = [params, data.x, x2, m, v] as const
          expect(relativeError(evaluateOn(matrixFree)(...args), evaluateOn(product)(...args))).toBeLessThan(
            1e-9
          )
        }
      })
    ))
})
