import { plain } from '../core/plain.js'
import { requireExample, requireShape, type Shape } from '../core/shape.js'
import { requireKey } from '../core/key.js'
import { split } from '../graph/key.js'
import { ops } from '../graph/ops/index.js'
import type { Concrete } from '../graph/spec.js'
import { type Block, childOf, requireBlocks } from './layer.js'

/**
 * x + branch(x), with the parameters of the branch (He et al., arXiv:1512.03385). A branch that does not keep the shape is a
 * ShapeError.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, key, ndarray, nn, type Tensor } from 'tangentflow'
 *
 * const net = nn.record({
 *   stem: nn.dense(8),
 *   block: nn.residual(nn.serial(nn.layerNorm(), nn.dense(8), nn.relu)),
 *   head: nn.dense(3)
 * })
 * const params = net.init(key(0), [4])
 * const out = evaluateOn((p: nn.ParamsOf<typeof net>, x: Tensor) => net.apply(p)(x))(params, ndarray.zeros([2, 4]))
 * assert.deepEqual(out.shape, [2, 3])
 * assert.deepEqual(params.stem.w?.shape, [4, 8])
 */
export const residual = plain('nn.residual', <P>(branch: Block<P>): Block<P> => {
  requireBlocks('nn.residual', [branch], ['branch'])
  const keeps = (shape: Shape, out: Shape): void =>
    requireShape('nn.residual', undefined, out, shape, 'a branch that gives')
  return {
    outputShape: (shape) => {
      keeps(shape, branch.outputShape(shape))
      return shape
    },
    init: branch.init,
    apply: (params, key) => (x) => {
      const y = branch.apply(params, key)(x)
      keeps(x.shape, y.shape)
      return ops.add(y)(x)
    }
  }
})

/**
 * Blocks one after the other, in the order in which they are written, with parameters as a record of the same names. The
 * l-th block draws its parameters from the l-th child of the key, as in {@link serial}.
 */
export const record = plain(
  'nn.record',
  <R extends { readonly [name: string]: unknown }>(blocks: {
    readonly [N in keyof R]: Block<R[N]>
  }): Block<R> => {
    const names: readonly (keyof R & string)[] = Object.keys(blocks)
    requireBlocks(
      'nn.record',
      names.map((name) => blocks[name]),
      names
    )
    return {
      outputShape: (inputShape) =>
        names.reduce<Shape>((shape, name) => blocks[name].outputShape(shape), inputShape),
      init: (key, inputShape) => {
        requireKey('nn.record', key)
        requireExample('nn.record', inputShape)
        const keys = split<number>(names.length)(key)
        let shape = inputShape
        const built = names.map((name, l) => {
          const own = blocks[name].init(keys[l]!, shape)
          shape = blocks[name].outputShape(shape)
          return [name, own] as const
        })
        // a record of these names, which Object.fromEntries forgets
        return Object.fromEntries(built) as Concrete<R>
      },
      apply: (params, key) => (x) =>
        names.reduce((h, name, l) => blocks[name].apply(params[name], childOf(key, l))(h), x)
    }
  }
)
