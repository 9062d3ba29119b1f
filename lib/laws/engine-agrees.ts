import { plain } from '../core/plain.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as fc from 'fast-check'
import { getOrThrow } from '../core/error.js'
import { option, type OptionKinds, optionsOf } from '../core/options.js'
import { grad } from '../diff/index.js'
import { isNdArray, type NdArray } from '../core/ndarray.js'
import { rebuild } from '../core/tree.js'
import { type Concrete, hostLeaves, type HostValue, isHostValue, type Specs, specsOf } from '../graph/spec.js'
import type { Runner } from '../graph/runner.js'
import type { Tensor } from '../graph/tensor.js'
import { type Case, casesOf } from './arbitraries.js'
import { bind, type Bound, distance, largest } from './compare.js'
import {
  lawAsync,
  lawKinds,
  lawOptionsOf,
  type LawOptions,
  type LawReport,
  measured,
  type Outcome,
  redraw,
  worstOf
} from './law.js'
import { decidesOtherwise, float32, isNearKink, noisy, observe } from './observe.js'
import { programCases, programKinds, type ProgramConstraints } from './programs.js'

/** How many cases, and how far an engine may be off. */
export interface AgreementOptions extends LawOptions {
  /**
   * How many times the estimated effect of float32 rounding an engine may be off.
   *
   * @defaultValue 16
   */
  readonly factor?: number
  /**
   * The relative error of one operation.
   *
   * @defaultValue 2⁻²², about 2 units in the last place
   */
  readonly unit?: number
}

const kinds: OptionKinds<AgreementOptions> = { ...lawKinds, factor: option.finite, unit: option.finite }

/** Decisions closer than this, relative to what is compared, are left to the engine: such cases are redrawn. */
const NEAR = 1e-4

/** The results of a graph at a point in float64 and in float32, and how far from them those of a correct engine may be. */
interface Expectation {
  readonly outputs: readonly NdArray[]
  readonly rounded: readonly NdArray[]
  readonly slack: readonly number[]
}

const expectation = (
  { graph, values }: Bound,
  { factor = 16, unit = 2 ** -22 }: AgreementOptions
): Expectation | undefined => {
  const exact = observe(graph, values)
  const runs = [
    observe(graph, values, float32),
    ...[1, 2].map((seed) => observe(graph, values, noisy(unit, seed)))
  ]
  if (isNearKink(exact.kinks, NEAR) || runs.some((run) => decidesOtherwise(exact.kinks, run.kinks)))
    return undefined
  const slack = exact.outputs.map((output, k) => {
    const moved = runs.map((run) => distance(finite(output), finite(run.outputs[k]!)))
    return factor * Math.max(...moved) + 4 * unit * largest(finite(output).data) + 1e-30
  })
  return { outputs: exact.outputs, rounded: runs[0]!.outputs, slack }
}

/** Elements that are not finite, as 0: they are compared by kind, not by distance. */
const finite = (array: NdArray): NdArray => ({
  ...array,
  data: Float64Array.from(array.data, (x) => (Number.isFinite(x) && Math.abs(x) < 3e38 ? x : 0))
})

/** Whether both are NaN, or the same infinity, wherever float32 is not finite. */
const sameEdges = (actual: NdArray, rounded: NdArray): boolean =>
  rounded.data.every((x, i) => Number.isFinite(x) || Object.is(x, actual.data[i]))

const judgeEngine = (actual: readonly NdArray[], expected: Expectation): Outcome =>
  worstOf(
    expected.outputs.map((output, k) => {
      const [got, rounded, what] = [actual[k]!, expected.rounded[k]!, `result ${k}`]
      if (!sameEdges(got, rounded)) return measured(`${what}, where it is not finite,`, Infinity, 0)
      const comparable = { ...got, data: got.data.map((x, i) => (Number.isFinite(rounded.data[i]) ? x : 0)) }
      const scale = largest(finite(output).data)
      // the bound may be large relative to small results: float32 cancels
      return measured(what, distance(comparable, finite(output)), expected.slack[k]!, 50 * scale)
    })
  )

/** An engine against the float64 meaning of a function, at one point. */
export const engineAgreesAt = plain(
  'laws.engineAgreesAt',
  async <Args extends readonly unknown[], Out>(
    engine: Runner,
    f: (...args: Args) => Out,
    { args }: Case,
    options: AgreementOptions = {}
  ): Promise<Outcome> => {
    const expected = expectation(bind(f, args), options)
    if (expected === undefined) return redraw('a decision depends on rounding')
    const concrete = rebuild<HostValue, Concrete<Args>>('laws', isHostValue, args, hostLeaves('laws', args))
    const ran = await pipe(
      engine.compile(f, specsOf<Args>('laws', args)),
      TE.flatMap((program) => program(...concrete))
    )()
    return judgeEngine(hostLeaves('laws', getOrThrow(ran).value).filter(isNdArray), expected)
  }
)

/**
 * An engine gives what the reference gives on a function of yours, as far as float32 allows: the bound is scaled by how
 * far the reference itself moves when its operations round. Points that come near a kink are drawn again and counted;
 * where float32 is not finite the engine must be the same infinity or NaN. Rejects when it is not so.
 */
export const engineAgrees = plain(
  'laws.engineAgrees',
  <Args extends readonly unknown[], Out>(
    engine: Runner,
    f: (...args: Args) => Out,
    specs: Specs<Args>,
    options: AgreementOptions = {}
  ): Promise<LawReport> =>
    lawAsync(
      'engine = reference',
      casesOf(specs),
      (drawn) => engineAgreesAt(engine, f, drawn, options),
      lawOptionsOf('engineAgrees', kinds, options)
    )
)

/** The same on random programs and, on every other one, the gradient of a random program. */
export const enginesAgree = plain(
  'laws.enginesAgree',
  (engine: Runner, options: AgreementOptions & ProgramConstraints = {}): Promise<LawReport> => {
    const own = lawOptionsOf('enginesAgree', { ...kinds, ...programKinds }, options)
    return lawAsync(
      'engine = reference on random programs',
      fc.tuple(programCases(optionsOf<ProgramConstraints>(programKinds, options)), fc.boolean()),
      ([{ program, ...drawn }, derived]) => {
        const f = (xs: readonly Tensor[]) => (derived ? grad(program.scalar)(xs) : program.f(xs))
        return engineAgreesAt(engine, f, drawn, options)
      },
      own
    )
  }
)
