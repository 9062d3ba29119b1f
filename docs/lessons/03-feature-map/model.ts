import {
  type Concrete,
  evaluateOn,
  grad,
  key,
  ndarray,
  nn,
  ntk,
  ops,
  type Tensor,
  tree,
  vmap
} from 'tangentflow'

/** The number of hidden units; each has two weights that read the input and one that is read by the output. */
export const UNITS = 4

// #region network
const dense = (width: number) => nn.dense(width, { parametrisation: 'ntk', sigmaW: Math.SQRT2, bias: false })
const net = nn.serial(dense(UNITS), nn.relu, dense(1))
// #endregion network

// #region gradients
const gradientsAndKernel = evaluateOn((params: nn.Params, inputs: Tensor) => ({
  gradients: ntk.jacobians(net.apply, params, inputs), // ∇f of each input, in the tree of the parameters
  theta: ntk.empiricalNtk(net.apply, { outputs: 'mean' })(params, inputs)
}))
// #endregion gradients

type Point = readonly number[]

/** The gradients of two inputs, weight by weight. */
export interface FeatureMap {
  /** ∂f/∂θᵢ at x and at x′, unit by unit: its two hidden weights, then its output weight. */
  readonly gradients: readonly [readonly number[], readonly number[]]
  /** Their products. */
  readonly products: readonly number[]
  /** Θ(x, x), Θ(x, x′) and Θ(x′, x′), from the library's kernel. */
  readonly theta: readonly [number, number, number]
  /** The hidden weights of every unit. */
  readonly units: readonly (readonly [number, number])[]
}

const paramsOf = (seed: number): Concrete<nn.Params> => net.init(key(seed), [2])

/** Row `row` of the leaves [inputs, 1, 2, units] and [inputs, 1, units, 1], unit by unit. */
const byUnit = (hidden: ArrayLike<number>, output: ArrayLike<number>, row: number): readonly number[] =>
  Array.from({ length: UNITS }, (_, unit) => [
    hidden[row * 2 * UNITS + unit]!,
    hidden[row * 2 * UNITS + UNITS + unit]!,
    output[row * UNITS + unit]!
  ]).flat()

/** Both gradients, and the kernel that is their product. */
export const featuresOf = (x: Point, other: Point, seed: number): FeatureMap => {
  const params = paramsOf(seed)
  const { gradients, theta } = gradientsAndKernel(params, ndarray.fromNested([[...x], [...other]]))
  const [hidden, output] = [gradients[0]!.w!.data, gradients[2]!.w!.data]
  const rows = [byUnit(hidden, output, 0), byUnit(hidden, output, 1)] as const
  const weights = params[0]!.w!.data
  return {
    gradients: rows,
    products: rows[0].map((one, i) => one * rows[1][i]!),
    theta: [theta.data[0]!, theta.data[1]!, theta.data[3]!],
    units: Array.from({ length: UNITS }, (_, unit) => [weights[unit]!, weights[UNITS + unit]!] as const)
  }
}

// #region step
const changes = (params: nn.Params, x: Tensor, other: Tensor, rates: Tensor): Tensor => {
  const slopes = grad((p: nn.Params) => ops.sum()(net.apply(p)(x)))(params)
  const outputAfter = (rate: Tensor): Tensor => {
    const moved = tree.zipWith(slopes, (w, slope) => ops.sub(ops.mul(rate)(slope))(w))(params)
    return ops.sub(net.apply(params)(other))(net.apply(moved)(other))
  }
  return vmap(outputAfter)(rates)
}
// #endregion step

const changesOn = evaluateOn(changes)

/** How much f(x′) changes when a step is taken on x, whose residual is 1, for each of some rates. */
export const changesOf = (
  x: Point,
  other: Point,
  seed: number,
  rates: readonly number[]
): readonly number[] =>
  Array.from(
    changesOn(
      paramsOf(seed),
      ndarray.fromNested([[...x]]),
      ndarray.fromNested([[...other]]),
      ndarray.fromNested([...rates])
    ).data
  )
