import { plain } from '../core/plain.js'
import { type HostKey, uniforms } from '../core/key.js'
import { option, type OptionKinds } from '../core/options.js'
import { type NdArray, of, takeRows } from '../core/ndarray.js'
import { fail } from '../core/error.js'
import { type Shape, showShape, sizeOf } from '../core/shape.js'
import { leaves } from '../core/tree.js'
import { evaluateGraph, type Rounding } from '../graph/evaluate.js'
import type { Key } from '../graph/key.js'
import { hostLeaves, keySpec, spec } from '../graph/spec.js'
import { isTensor, type Tensor } from '../graph/tensor.js'
import { traceOrThrow } from '../graph/trace.js'
import { child, keys } from './arbitraries.js'
import {
  law,
  lawKinds,
  lawOptionsOf,
  type LawOptions,
  type LawReport,
  measured,
  type Outcome
} from './law.js'
import { type BallNorm, type Containment, inBall, inBox } from './in-ball.js'

/** A batch of labelled samples with ids. */
export interface LawBatch<T> {
  /** Inputs, [n, …]. */
  readonly x: T
  /** Labels, [n]. */
  readonly y: T
  /** A number for each sample, [n]. */
  readonly ids: T
}

/** An attack on a fixed model, whose results have one entry for each sample along some axis. */
export type AttackUnderLaw = (
  batch: LawBatch<Tensor>,
  key: Key
) => {
  /** The attacked inputs, [n, …]. */
  readonly x: Tensor
  readonly [more: string]: Tensor
}

/** The batches on which an attack is checked. */
export interface AttackLawOptions extends LawOptions {
  /** The shape of a batch, samples first. */
  readonly shape: Shape
  /** How many classes labels are drawn from. */
  readonly classes: number
  /**
   * Inputs are uniform in this interval.
   *
   * @defaultValue [0, 1]
   */
  readonly box?: readonly [low: number, high: number]
}

/** The ball an attack has to stay in. */
export interface StaysInsideOptions extends AttackLawOptions {
  /** @defaultValue `'linf'` */
  readonly norm?: BallNorm
  /** The radius that the attack promises. */
  readonly epsilon: number
}

const attackKinds: OptionKinds<AttackLawOptions> = {
  ...lawKinds,
  shape: option.list,
  classes: option.count,
  box: option.list
}

const insideKinds: OptionKinds<StaysInsideOptions> = {
  ...attackKinds,
  norm: option.word('linf', 'l2', 'l1'),
  epsilon: option.finite
}

const drawBatch = (
  source: HostKey,
  { shape, classes, box: [low, high] = [0, 1] }: AttackLawOptions
): LawBatch<NdArray> => {
  const n = shape[0]!
  const x = uniforms(child(source, 0), sizeOf(shape)).map((u) => low + (high - low) * u)
  const y = uniforms(child(source, 1), n).map((u) => Math.floor(u * classes))
  const ids = Float32Array.from({ length: n }, (_, i) => 3 * i + 1)
  return { x: of(shape, x), y: of([n], y), ids: of([n], ids) }
}

/** The attack traced once for batches of n samples, to be evaluated on many. */
const evaluated = (f: AttackUnderLaw, options: AttackLawOptions, n: number, rounding: Rounding) => {
  const [, ...inner] = options.shape
  const args = [{ x: spec([n, ...inner]), y: spec([n]), ids: spec([n]) }, keySpec] as const
  const { graph } = traceOrThrow(f, args)
  return (batch: LawBatch<NdArray>, key: HostKey): readonly NdArray[] =>
    evaluateGraph(graph, hostLeaves('laws', [batch, key]), rounding)
}

/**
 * The axis of the samples of each result: the one, of two batches of different sizes, that differs. A result without it is a
 * ShapeError that names it.
 */
const sampleAxes = (f: AttackUnderLaw, { shape: [n, ...inner] }: AttackLawOptions): readonly number[] => {
  const resultsOf = (count: number) => {
    const batch = { x: spec([count, ...inner]), y: spec([count]), ids: spec([count]) }
    return leaves('laws', isTensor, traceOrThrow(f, [batch, keySpec]).out)
  }
  const larger = resultsOf(n! + 1)
  return resultsOf(n!).map(({ path, value: { shape } }, k) => {
    const axes = shape.flatMap((size, axis) => (larger[k]?.value.shape[axis] === size ? [] : [axis]))
    const [axis, ...more] = axes
    return axis !== undefined && more.length === 0 && shape[axis] === n
      ? axis
      : fail('ShapeError', 'samplesAreAlone', `a result with an axis of ${n} samples`, showShape(shape), path)
  })
}

/** What a result has of one sample. */
const ofSample = (axis: number, { shape, data }: NdArray, at: number): NdArray => {
  const inner = sizeOf(shape.slice(axis + 1))
  const size = shape[axis]!
  const kept = data.filter((_, i) => Math.floor(i / inner) % size === at)
  return of(shape.toSpliced(axis, 1), kept)
}

const rows = ({ x, y, ids }: LawBatch<NdArray>, places: readonly number[]): LawBatch<NdArray> => ({
  x: takeRows('laws', x, places),
  y: takeRows('laws', y, places),
  ids: takeRows('laws', ids, places)
})

const holds = (what: string, isTrue: boolean): Outcome => measured(what, isTrue ? 0 : 1, 0)

const same = (a: NdArray, b: NdArray): boolean =>
  a.data.length === b.data.length &&
  a.data.every((value, i) => value === b.data[i]! || (Number.isNaN(value) && Number.isNaN(b.data[i]!)))

/** The containment that is further outside. */
const worse = (a: Containment, b: Containment): Containment =>
  a.inside && (!b.inside || b.worst > a.worst) ? b : a

/**
 * What an attack finds, computed in float32, is in ball and box to rounding (see `inBall`); the inputs are as before, and
 * the same key gives the same numbers.
 *
 * @example
 * import assert from 'node:assert'
 * import { attack, type Key, ndarray, ops, type Tensor } from 'tangentflow'
 * import { type LawBatch, staysInside } from 'tangentflow/laws'
 *
 * const weights = ops.constant(ndarray.fromNested([[1, 0], [-1, 0.5], [0, 2]]))
 * const model = () => (x: Tensor) => ops.matmul(weights)(x)
 * const pgd = attack.pgd({ norm: 'l2', epsilon: 0.5, steps: 2, stepSize: 0.2 })(model)
 * const found = (batch: LawBatch<Tensor>, key: Key) => ({ x: pgd({}, batch, key).x })
 * const law = staysInside(found, { norm: 'l2', epsilon: 0.5, shape: [2, 3], classes: 2, runs: 5 })
 * assert.equal(law.runs, 5)
 */
export const staysInside = plain(
  'laws.staysInside',
  (f: AttackUnderLaw, options: StaysInsideOptions): LawReport => {
    const own = lawOptionsOf('staysInside', insideKinds, options)
    const inputs = evaluated((b, k) => ({ x: f(b, k).x }), options, options.shape[0]!, 'float32')
    return law(
      'an attack stays inside',
      keys,
      (source) => {
        const batch = drawBatch(source, options)
        const before = Float32Array.from(batch.x.data)
        const { epsilon, norm = 'linf', box: [low, high] = [0, 1] } = options
        const [x] = inputs(batch, child(source, 2)) as readonly [NdArray]
        const [again] = inputs(batch, child(source, 2)) as readonly [NdArray]
        const { inside, worst, at } = worse(
          inBall(batch.x, Math.fround(epsilon), norm)(x),
          inBox(low, high)(x)
        )
        if (!inside) return measured(`element ${at}, in ulp,`, worst, 0)
        return holds(
          'inputs that changed, or other numbers for the same key',
          same(again, x) && before.every((value, i) => value === batch.x.data[i])
        )
      },
      own
    )
  }
)

/**
 * In float64, a batch gives exactly what its samples give one by one, and in another order the same results in that
 * order: samples do not affect one another, and noise follows their ids. Each result of the attack may have its samples along any
 * axis, as `losses` have, [rows, n].
 *
 * @example
 * import assert from 'node:assert'
 * import { attack, type Key, ndarray, ops, type Tensor } from 'tangentflow'
 * import { type LawBatch, samplesAreAlone } from 'tangentflow/laws'
 *
 * const weights = ops.constant(ndarray.fromNested([[1, 0], [-1, 0.5], [0, 2]]))
 * const model = () => (x: Tensor) => ops.matmul(weights)(x)
 * const pgd = attack.pgd({ epsilon: 0.1, steps: 2, stepSize: 0.1 })(model)
 * const found = (batch: LawBatch<Tensor>, key: Key) => pgd({}, batch, key)
 * assert.equal(samplesAreAlone(found, { shape: [2, 3], classes: 2, runs: 5 }).runs, 5)
 */
export const samplesAreAlone = plain(
  'laws.samplesAreAlone',
  (f: AttackUnderLaw, options: AttackLawOptions): LawReport => {
    const own = lawOptionsOf('samplesAreAlone', attackKinds, options)
    const n = options.shape[0]!
    const axes = sampleAxes(f, options)
    const [together, single] = [evaluated(f, options, n, 'float64'), evaluated(f, options, 1, 'float64')]
    return law(
      'samples are attacked alone',
      keys,
      (source) => {
        const batch = drawBatch(source, options)
        const key = child(source, 2)
        const whole = together(batch, key)
        const order = Array.from({ length: n }, (_, i) => n - 1 - i)
        const turned = together(rows(batch, order), key)
        const alone = order.map((i) => single(rows(batch, [i]), key))
        return holds(
          'a sample that saw its neighbours',
          whole.every((result, k) =>
            order.every(
              (i, place) =>
                same(ofSample(axes[k]!, result, i), ofSample(axes[k]!, turned[k]!, place)) &&
                same(ofSample(axes[k]!, result, i), alone[place]![k]!)
            )
          )
        )
      },
      own
    )
  }
)
