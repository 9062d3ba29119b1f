import { describe, expect, it } from 'vitest'
import { type nn, ops, spec, type Tensor } from 'tangentflow'
import {
  boundedByDiagonal,
  functionsAgree,
  homogeneous,
  kernelFormsAgree,
  kernelIsPsd,
  kernelOfPermutedInputs,
  kernelTransposes
} from 'tangentflow/laws'
import { mlp, exampleKernel, exampleSpecs, type KernelArgs } from '../support/models.js'
import { runs } from '../support/runs.js'

// A law that cannot fail shows nothing: each is given something broken here.

const few = { runs: runs(8) }

describe('the laws find', () => {
  const lopsided = (...[p, x, y]: KernelArgs<nn.Params>): Tensor => ops.mul(ops.iota([3, 2]))(mean(p, x, y))
  const mean = exampleKernel(mlp, { outputs: 'mean' })
  it.each([
    [
      'a kernel that prefers one side',
      () =>
        kernelTransposes(
          (p: nn.Params, x: Tensor, y: Tensor) => ops.mul(ops.add(1)(ops.iota([3, 2], 0)))(mean(p, x, y)),
          exampleSpecs(mlp),
          few
        )
    ],
    [
      'a kernel that is NaN at half of the parameters',
      () =>
        kernelIsPsd(
          (w: Tensor, x: Tensor, y: Tensor) =>
            ops.mul(ops.sqrt(ops.at(0, 0)(w)))(ops.einsum('ni,mi->nm')(x, y)),
          [spec([3]), spec([4, 3])],
          { runs: 20 }
        )
    ],
    [
      'a kernel that is negative',
      () =>
        kernelIsPsd(
          (_: Tensor, x: Tensor, y: Tensor) => ops.neg(ops.einsum('ni,mi->nm')(x, y)),
          [spec([3]), spec([4, 3])],
          few
        )
    ],
    ...[0, 1].map((turned): [string, () => unknown] => [
      `a NaN on side ${turned} only`,
      () => {
        const sides = [ops.abs, (x: Tensor) => ops.exp(ops.log(x))]
        return functionsAgree('f = g', sides[turned]!, sides[1 - turned]!, [spec([])], { runs: 50 })
      }
    ]),
    ['a kernel that counts its examples', () => kernelOfPermutedInputs(lopsided, exampleSpecs(mlp), few)],
    [
      'a mean that is a sum',
      () =>
        kernelFormsAgree(
          (outputs) => (p: nn.Params, x: Tensor, y: Tensor) =>
            ops.scale(outputs === 'mean' ? 3 : 1)(exampleKernel(mlp, { outputs })(p, x, y)),
          exampleSpecs(mlp),
          few
        )
    ],
    [
      'a kernel with a negative eigenvalue',
      () =>
        kernelIsPsd(
          (p: nn.Params, x: Tensor, y: Tensor) => ops.sub(50)(mean(p, x, y)),
          [mlp.params, spec([3, 4])] as never,
          few
        )
    ],
    [
      'a kernel above its diagonal',
      () =>
        boundedByDiagonal(
          (p: nn.Params, x: Tensor, y: Tensor) => (x === y ? mean(p, x, y) : ops.scale(9)(mean(p, x, x))),
          exampleSpecs(mlp, 2, 2),
          few
        )
    ],
    ['the wrong degree', () => homogeneous(mean, 3, exampleSpecs(mlp), few)]
  ])('%s', (_, law) => expect(law).toThrow())
})
