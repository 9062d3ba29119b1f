import { type Concrete, key, nn, ntk, ops, spec, type Specs, type Tensor } from 'tangentflow'
import { isNdArray } from '../../lib/core/ndarray.js'
import { leaves, rebuild } from '../../lib/core/tree.js'

/** The description of a tree of arrays, so that laws draw trees like it. */
export const specsLike = <P>(params: Concrete<P>): Specs<P> =>
  rebuild<unknown, Specs<P>>(
    'spec',
    isNdArray,
    params,
    leaves('spec', isNdArray, params).map(({ value }) => spec(value.shape))
  )

/** A model with parameters of some form, and the shape of one example. */
export interface Example<P> {
  readonly name: string
  readonly model: (params: P) => (x: Tensor) => Tensor
  readonly params: Specs<P>
  readonly example: readonly number[]
  readonly outputs: number
}

const ofNetwork = (
  name: string,
  net: nn.Network,
  example: readonly number[],
  outputs: number
): Example<nn.Params> => ({
  name,
  model: net.apply,
  params: specsLike<nn.Params>(net.init(key(0), example)),
  example,
  outputs
})

const dense = { parametrisation: 'ntk', sigmaB: 0.5 } as const

export const mlp = ofNetwork(
  'a dense network',
  nn.serial(nn.dense(5, dense), nn.relu, nn.dense(4, dense), nn.tanh, nn.dense(3, dense)),
  [4],
  3
)

export const cnn = ofNetwork(
  'a convolutional network',
  nn.serial(nn.conv2d(2, 2), nn.relu, nn.avgPool(2), nn.flatten, nn.dense(2)),
  [1, 5, 5],
  2
)

/** Parameters as no layer has them: records in arrays, a scalar, one leaf used twice. */
export type OddParams = {
  readonly rates: readonly [Tensor, { readonly depth: Tensor }]
  readonly mix: Tensor
}

export const odd: Example<OddParams> = {
  name: 'a function of a record',
  model:
    ({ rates: [rate, { depth }], mix }) =>
    (x) =>
      ops.add(ops.einsum('ni,ij->nj')(ops.sin(ops.mul(depth)(x)), mix))(
        ops.einsum('ni,i,ij->nj')(x, rate, mix)
      ),
  params: { rates: [spec([3]), { depth: spec([]) }], mix: spec([3, 2]) },
  example: [3],
  outputs: 2
}

/** The arguments of a kernel between two batches. */
export type KernelArgs<P> = readonly [P, Tensor, Tensor]

/** The empirical kernel of an example. */
export const exampleKernel =
  <P>({ model }: Example<P>, options: ntk.KernelOptions = {}) =>
  (...[p, x, y]: KernelArgs<P>): Tensor =>
    ntk.empiricalNtk(model, options)(p, x, y)

/** Arguments for the kernel of an example between n1 and n2 inputs. */
export const exampleSpecs = <P>({ params, example }: Example<P>, n1 = 3, n2 = 2): Specs<KernelArgs<P>> =>
  [params, spec([n1, ...example]), spec([n2, ...example])] as Specs<KernelArgs<P>>
