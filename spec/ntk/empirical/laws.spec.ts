import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import {
  key,
  ndarray,
  nn,
  normals,
  ntk,
  ops,
  run,
  spec,
  type Specs,
  type Tensor,
  tree,
  withEngine
} from 'tangentflow'
import {
  boundedByDiagonal,
  functionsAgree,
  homogeneous,
  isSymmetricPsd,
  kernelFormsAgree,
  kernelIsPsd,
  kernelOfPermutedInputs,
  kernelTransposes
} from 'tangentflow/laws'
import {
  cnn,
  type Example,
  mlp,
  odd,
  specsLike,
  exampleKernel,
  exampleSpecs,
  type KernelArgs
} from '../../support/models.js'
import { runs } from '../../support/runs.js'

const few = { runs: runs(8) }

const everyModel = (law: <P>(model: Example<P>) => void): void => {
  law(mlp)
  law(cnn)
  law(odd)
}

describe('an empirical kernel', () => {
  it('satisfies Θ(X, Y) = Θ(Y, X)ᵀ', () =>
    everyModel((model) => {
      for (const outputs of ['full', 'diag', 'mean'] as const)
        kernelTransposes(exampleKernel(model, { outputs }), exampleSpecs(model), few)
    }))
  it('has diag and mean as parts of full', () =>
    everyModel((model) =>
      kernelFormsAgree((outputs) => exampleKernel(model, { outputs }), exampleSpecs(model), few)
    ))
  it('is permuted with its examples', () =>
    everyModel((model) => kernelOfPermutedInputs(exampleKernel(model), exampleSpecs(model, 4, 3), few)))
  it('is positive semi-definite, of a rank no larger than the number of parameters', () => {
    everyModel(({ params, example, ...model }) =>
      kernelIsPsd(exampleKernel({ params, example, ...model }), [params, spec([3, ...example])] as never, few)
    )
    // ten examples and two outputs, but ten parameters
    kernelIsPsd(exampleKernel(odd), [odd.params, spec([10, 3])] as never, { ...few, rank: 10 })
    expect(() =>
      kernelIsPsd(exampleKernel(odd), [odd.params, spec([10, 3])] as never, { ...few, rank: 5 })
    ).toThrow('the rank')
  })
  it('satisfies Θ(x, y)² ≤ Θ(x, x) Θ(y, y) in the mean', () =>
    everyModel((model) =>
      boundedByDiagonal(exampleKernel(model, { outputs: 'mean' }), exampleSpecs(model), few)
    ))
})

describe('hidden units and classes', () => {
  const net = nn.serial(nn.dense(4), nn.relu, nn.dense(3))
  const params = specsLike<nn.Params>(net.init(key(0), [3]))
  const specs = [params, spec([3, 3]), spec([2, 3])] as Specs<KernelArgs<nn.Params>>
  const matrix = (order: readonly number[]): Tensor =>
    ops.constant(ndarray.fromNested(order.map((at) => order.map((_, i) => (i === at ? 1 : 0)))))
  const permuted =
    (hidden: Tensor, classes: Tensor) =>
    ([first, relu, last]: nn.Params): nn.Params => [
      { w: ops.einsum('ih,gh->ig')(first!.w!, hidden), b: ops.einsum('h,gh->g')(first!.b!, hidden) },
      relu!,
      {
        w: ops.einsum('ho,gh,po->gp')(last!.w!, hidden, classes),
        b: ops.einsum('o,po->p')(last!.b!, classes)
      }
    ]
  const kernel = (...[p, x, y]: KernelArgs<nn.Params>): Tensor => ntk.empiricalNtk(net.apply)(p, x, y)
  it('may be permuted: hidden units change nothing, classes permute the kernel', () => {
    const [hidden, classes] = [matrix([2, 0, 3, 1]), matrix([1, 2, 0])]
    functionsAgree<KernelArgs<nn.Params>, Tensor>(
      'Θ at permuted units',
      (p, x, y) => kernel(permuted(hidden, ops.eye(3))(p), x, y),
      kernel,
      specs,
      few
    )
    functionsAgree<KernelArgs<nn.Params>, Tensor>(
      'Θ of permuted classes',
      (p, x, y) => kernel(permuted(ops.eye(4), classes)(p), x, y),
      (p, x, y) => ops.einsum('nmop,qo,rp->nmqr')(kernel(p, x, y), classes, classes),
      specs,
      few
    )
  })
})

describe('networks without biases', () => {
  const net = nn.serial(
    nn.dense(4, { bias: false }),
    nn.relu,
    nn.dense(3, { bias: false }),
    nn.relu,
    nn.dense(2, { bias: false })
  )
  const example: Example<nn.Params> = {
    name: 'no biases',
    model: net.apply,
    params: specsLike<nn.Params>(net.init(key(0), [3])),
    example: [3],
    outputs: 2
  }
  it('with relu have kernels homogeneous in the parameters, of degree 2(L − 1)', () =>
    homogeneous(exampleKernel(example), 4, exampleSpecs(example), few))
  it('with relu have kernels homogeneous in each input, of degree 1', () =>
    functionsAgree<KernelArgs<nn.Params>, Tensor>(
      'Θ(2x, 3y) = 6 Θ(x, y)',
      (p, x, y) => exampleKernel(example)(p, ops.scale(2)(x), ops.scale(3)(y)),
      (p, x, y) => ops.scale(6)(exampleKernel(example)(p, x, y)),
      exampleSpecs(example),
      few
    ))
})

describe('masks', () => {
  type Masked = readonly [nn.Params, Tensor, Tensor, nn.Weights]
  const weights = (mlp.params as readonly { readonly w?: object }[]).map(({ w }) =>
    w === undefined ? {} : { w }
  )
  const specs = [...exampleSpecs(mlp), weights] as never as Specs<Masked>

  it('in the linear form add up: Θ_m + Θ_{1−m} = Θ + Θ of what no mask covers, J held at one θ', () => {
    // J at m∘θ would change with m, so the masked parameters are undone: θ/m masked by m is θ
    const undone = (p: nn.Params, m: nn.Weights): nn.Params => tree.zipPart(m, (w, s) => ops.div(s)(w))(p)
    const linear = (p: nn.Params, x: Tensor, y: Tensor, m: nn.Weights): Tensor =>
      ntk.empiricalNtk(mlp.model, { mask: 'linear' })(undone(p, m), x, y, m)
    const inner = (m: nn.Weights): nn.Weights =>
      tree.map((s: Tensor) => ops.add(0.05)(ops.scale(0.9)(ops.sigmoid(s))))(m)
    const complement = (m: nn.Weights): nn.Weights =>
      tree.map((s: Tensor) => ops.sub(s)(ops.ones(s.shape)))(m)
    functionsAgree<Masked, Tensor>(
      'Θ_m + Θ_{1−m} = Θ + Θ_b',
      (p, x, y, m) => ops.add(linear(p, x, y, complement(inner(m))))(linear(p, x, y, inner(m))),
      (p, x, y) =>
        ntk
          .layerKernels(mlp.model)(p, x, y)
          .flatMap(({ b }) => (b === undefined ? [] : [b]))
          .reduce((sum, share) => ops.add(share)(sum), ntk.empiricalNtk(mlp.model)(p, x, y)),
      specs,
      few
    )
  })
  it('of zero leave the share of what they do not cover', () => {
    const zeros = (m: nn.Weights): nn.Weights => tree.map((s: Tensor) => ops.scale(0)(s))(m)
    for (const mask of ['restricted', 'linear'] as const)
      functionsAgree<Masked, Tensor>(
        'Θ₀ = Θ_b at 0',
        (p, x, y, m) => ntk.empiricalNtk(mlp.model, { mask, outputs: 'mean' })(p, x, y, zeros(m)),
        (p, x, y, m) =>
          ntk
            .layerKernels(mlp.model, { outputs: 'mean' })(
              tree.zipPart(zeros(m), (w, s) => ops.mul(s)(w))(p),
              x,
              y
            )
            .flatMap(({ b }) => (b === undefined ? [] : [b]))
            .reduce((sum, share) => ops.add(share)(sum)),
        specs,
        few
      )
  })
})

describe('the vector product', () => {
  it('is the product with the kernel', () =>
    everyModel(<P>(model: Example<P>) => {
      type WithVector = readonly [...KernelArgs<P>, Tensor]
      functionsAgree<WithVector, Tensor>(
        'Θv',
        (p, x, y, v) => ntk.ntkVectorProduct(model.model)(p, x, y, v),
        (p, x, y, v) => ops.einsum('nmop,mp->no')(ntk.empiricalNtk(model.model)(p, x, y), v),
        [...(exampleSpecs(model) as readonly unknown[]), spec([2, model.outputs])] as never,
        few
      )
    }))
})

describe('in float32', () => {
  it('a kernel is symmetric and positive semi-definite to 2⁻²⁴ of its largest eigenvalue', async () => {
    // the larger factor is for the sums of up to 64 products that make an entry
    const bound = 64 * 2 ** -24
    const net = nn.serial(nn.dense(64), nn.relu, nn.dense(32), nn.relu, nn.dense(4))
    for (const seed of [1, 2, 3]) {
      const x = ndarray.of([16, 32], normals(key(seed), 16 * 32))
      const kernel = (p: nn.Params, z: Tensor): Tensor => ntk.empiricalNtk(net.apply)(p, z)
      const result = await withEngine()((engine) => run(engine)(kernel)(net.init(key(seed), [32]), x))()
      expect(E.isRight(result) && isSymmetricPsd(result.right.value, bound)).toMatchObject({ holds: true })
    }
  })
})
