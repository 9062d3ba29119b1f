import { compile, evaluateOn, key, ndarray, type nn, ntk, split, type Tensor } from 'tangentflow'
import { right } from '../frame/lesson.js'
import { referenceEngine } from '../frame/reference.js'
import { type State, WIDTHS } from './lesson.js'

// #region network
const { dense, relu, serial } = ntk.infinite
const described = serial(dense({ sigmaW: Math.SQRT2 }), relu, dense({ sigmaW: Math.SQRT2, width: 1 }))
/** Two inputs at 60 degrees. */
const inputs = ndarray.fromNested([
  [1, 0],
  [1 / 2, Math.sqrt(3 / 4)]
])
/** Θ(x, x′) at infinite width. */
export const LIMIT = evaluateOn((x: Tensor) => described.kernel(x).ntk)(inputs).data[1]!
// #endregion network

/** Θ(x, x′) of some random networks of a width. */
export interface Sample {
  readonly width: number
  readonly values: readonly number[]
}

/** What has been drawn so far. */
export interface Draws {
  readonly samples: readonly Sample[]
  /** The part of all widths that is done. */
  readonly progress: number
  readonly executed: string
}

/** Samples that were drawn already, by width, draws and seed. */
const known = new Map<string, Sample>()

/** Draws networks of a width, and gives Θ(x, x′) of each. */
const sampleOf = async (
  width: number,
  { draws, seed }: State
): Promise<Sample & { readonly executed: string }> => {
  const engine = await referenceEngine()
  const executed = `${engine.name}, ${engine.describe.backend}`
  const name = `${width} ${draws} ${seed}`
  const found = known.get(name)
  if (found !== undefined) return { ...found, executed }
  // #region sample
  const net = described.network(width)
  const theta = (params: nn.Params, x: Tensor) => ntk.empiricalNtk(net.apply, { outputs: 'mean' })(params, x)
  const keys = split<number>(draws)(key(seed))
  const program = right(await compile(engine)(theta, [net.init(keys[0]!, [2]), inputs])())
  const values: number[] = []
  for (const each of keys) {
    const { value } = right(await program(net.init(each, [2]), inputs)())
    values.push(value.data[1]!)
  }
  // #endregion sample
  const sample = { width, values }
  known.set(name, sample)
  return { ...sample, executed }
}

/** The root of the mean square distance from the limit. */
export const errorOf = ({ values }: Sample): number =>
  Math.sqrt(values.reduce((sum, value) => sum + (value - LIMIT) ** 2, 0) / values.length)

/** The slope and the height at 1 of the line through log error over log width, by least squares. */
export const lineThrough = (
  samples: readonly Sample[]
): { readonly slope: number; readonly start: number } => {
  const points = samples.map((sample) => [Math.log(sample.width), Math.log(errorOf(sample))] as const)
  const meanOf = (values: readonly number[]): number =>
    values.reduce((sum, one) => sum + one, 0) / values.length
  const [x, y] = [meanOf(points.map(([one]) => one)), meanOf(points.map(([, one]) => one))]
  const over = points.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0)
  const under = points.reduce((sum, [a]) => sum + (a - x) ** 2, 0)
  const slope = over / under
  return { slope, start: Math.exp(y - slope * x) }
}

/** The samples of all widths, the chosen one first, as they are drawn. */
export async function* drawsOf(state: State): AsyncGenerator<Draws> {
  const order = [state.width, ...WIDTHS.filter((width) => width !== state.width)]
  let samples: readonly Sample[] = []
  for (const width of order) {
    const { executed, ...sample } = await sampleOf(width, state)
    samples = [...samples, sample]
    yield { samples, progress: samples.length / order.length, executed }
  }
}
