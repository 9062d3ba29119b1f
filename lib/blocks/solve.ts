import type { IO } from 'fp-ts/lib/IO.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { fingerprint } from '../checkpoint/fingerprint.js'
import { type Checkpointing, runSteps } from '../checkpoint/run-steps.js'
import { requireFraction, requirePositive, requireWhole } from '../core/check.js'
import { entry } from '../core/entry.js'
import { fail, type TangentError } from '../core/error.js'
import { type HostKey, isHostKey, key } from '../core/key.js'
import { type NdArray, of } from '../core/ndarray.js'
import { checkOptions, option, type OptionKinds } from '../core/options.js'
import { unitBelow } from '../core/unit-below.js'
import { attempt } from '../graph/trace.js'
import type { Tensors } from '../checkpoint/checkpoint.js'
import { applyGrouped, outputsOf } from './apply-blocked.js'
import { type Grouped, grouped, ungrouped } from './block-product.js'
import { dots, largestOf, plus, residualOf, type State, stepFrom, times } from './conjugate-gradients.js'
import type { BlockedKernel } from './kernel-files.js'
import { nystrom, type Preconditioner } from './nystrom.js'

/** How far the iterations are. */
export interface SolveEvent {
  /** Iterations that were taken. */
  readonly iteration: number
  /** ‖y − (K + nρI) α‖ / ‖y‖, the largest of all outputs. */
  readonly residual: number
  /** Seconds to the tolerance, if the residual goes on falling as in this call; ∞ before it has fallen. */
  readonly secondsLeft: number
}

/** Which system is solved, how well and how. */
export interface SolveOptions {
  /** The weight ρ > 0 of ½‖θ − θ₀‖² beside (1/2n)Σ‖f − y‖², as in `ntk.kernelRegression`; early stopping at a time t is about 1/t. */
  readonly ridge: number
  /**
   * The residual, as a part of ‖y‖, at which the iterations end.
   *
   * @defaultValue 1e-7
   */
  readonly tolerance?: number
  /**
   * Columns of the kernel in the preconditioner, which takes 4 n · rank bytes. More of them take fewer iterations.
   *
   * @defaultValue 500, or n where that is less
   */
  readonly rank?: number
  /**
   * The most iterations.
   *
   * @defaultValue 1,000
   */
  readonly iterations?: number
  /**
   * What the columns are drawn with.
   *
   * @defaultValue `key(0)`
   */
  readonly key?: HostKey
  /** Where the iterations are saved, and after how many. @defaultValue they are not saved */
  readonly checkpoint?: Checkpointing
  /** Called when the preconditioner is there and after every iteration. */
  readonly observe?: (event: SolveEvent) => IO<void>
}

const kinds: OptionKinds<SolveOptions> = {
  ridge: option.number,
  tolerance: option.number,
  rank: option.number,
  iterations: option.number,
  key: { expected: 'a key', is: isHostKey },
  checkpoint: option.record,
  observe: option.function
}

/** The coefficients of a kernel regression. */
export interface Solution {
  /** α of f(x) = Θ(x, X) α, in the shape of y: `applyBlocked` of a cross kernel makes predictions of it. */
  readonly dual: NdArray
  /** How many iterations were taken, with those of a checkpoint. */
  readonly iterations: number
  /** ‖y − (K + nρI) α‖ / ‖y‖, the largest of all outputs, computed anew from α. */
  readonly residual: number
  /** Whether the tolerance was reached. */
  readonly converged: boolean
}

const operation = 'blocks.solve'

interface System {
  /** y of each output in units of its own, in which squares neither overflow nor vanish. */
  readonly y: Grouped
  readonly units: Float64Array
  readonly outputs: number
  readonly shift: number
  readonly tolerance: number
  readonly rank: number
  readonly iterations: number
  readonly source: HostKey
}

const systemOf = ({ shape, isSymmetric }: BlockedKernel, y: NdArray, options: SolveOptions): System => {
  checkOptions(operation, kinds, options)
  const [n] = shape
  if (!isSymmetric) fail('ArgumentError', operation, 'a kernel of one batch', 'one of two batches', 'kernel')
  const outputs = outputsOf(operation, 'y', y, n)
  const { tolerance = 1e-7, rank = 500, iterations = 1000 } = options
  const given = grouped(y.data, n, outputs)
  const units = largestOf(given).map(unitBelow)
  return {
    y: times(
      given,
      units.map((unit) => 1 / unit)
    ),
    units,
    outputs,
    shift: n * requirePositive(operation, 'ridge', options.ridge),
    tolerance: requireFraction(operation, 'tolerance', tolerance, '(0, 1)'),
    rank: Math.min(n, requireWhole(operation, 'rank', rank, 1)),
    iterations: requireWhole(operation, 'iterations', iterations, 1),
    source: options.key ?? key(0)
  }
}

/** A clock of the iterations of this call: says how long they go on. */
const pacer = (tolerance: number): ((iteration: number, residual: number) => SolveEvent) => {
  const begin = performance.now()
  let first: { readonly iteration: number; readonly residual: number } | undefined
  return (iteration, residual) => {
    first ??= { iteration, residual }
    const fall = Math.log(first.residual / residual)
    const seconds = (performance.now() - begin) / 1000
    const secondsLeft =
      residual <= tolerance ? 0 : fall > 0 ? (Math.log(residual / tolerance) / fall) * seconds : Infinity
    return { iteration, residual, secondsLeft }
  }
}

const executed = { engine: 'host', backend: 'float64', threads: 1 } as const

const iterate = (
  kernel: BlockedKernel,
  system: System,
  inverse: Preconditioner,
  settings: Readonly<Record<string, string>>,
  { checkpoint, observe }: SolveOptions
): TE.TaskEither<TangentError, Solution> => {
  const { y, units, outputs, shift, tolerance, iterations } = system
  const [n] = kernel.shape
  const squares = dots(y, y)
  const event = pacer(tolerance)
  const array = (groups: Grouped): NdArray => of([n, outputs], ungrouped(groups, n, outputs))
  const direction = inverse(y)
  const zeros = y.map((group) => group.map(() => 0))
  const first: State = { iteration: 0, x: zeros, r: y, p: direction, rho: dots(y, direction) }
  let hasBegun = false
  const tell = ({ iteration, r }: State): void => {
    hasBegun = true
    const seen = event(iteration, residualOf(r, squares))
    observe?.(seen)()
  }
  return pipe(
    runSteps<State>({
      kind: operation,
      settings,
      count: iterations,
      first,
      encode: ({ x, r, p }) => ({ x: array(x), r: array(r), p: array(p) }),
      decode: (tensors: Tensors, iteration) => {
        const read = (name: string): Grouped => {
          const found = tensors[name] ?? fail('TreeError', operation, `a tensor ${name}`, 'none')
          if (found.data.length !== n * outputs)
            fail('TreeError', operation, `${n * outputs} elements`, `${found.data.length}`, name)
          return grouped(found.data, n, outputs)
        }
        const r = read('r')
        return { iteration, x: read('x'), r, p: read('p'), rho: dots(r, inverse(r)) }
      },
      take: (_, state) => {
        if (!hasBegun) tell(state)
        return pipe(
          applyGrouped(kernel, state.p, false),
          TE.flatMapEither((product) => attempt(() => stepFrom(state, product, shift, inverse))),
          TE.map((next) => {
            tell(next)
            return { state: next, executed }
          })
        )
      },
      until: ({ r }) => residualOf(r, squares) <= tolerance,
      checkpoint
    }),
    TE.flatMap(({ state: { iteration, x, r } }) =>
      pipe(
        applyGrouped(kernel, x, true),
        TE.map((product): Solution => {
          const minus = new Float64Array(squares.length).fill(-1)
          const fitted = plus(product, new Float64Array(squares.length).fill(shift), x)
          return {
            dual: array(times(x, units)),
            iterations: iteration,
            residual: residualOf(plus(y, minus, fitted), squares),
            converged: residualOf(r, squares) <= tolerance
          }
        })
      )
    )
  )
}

/**
 * Kernel regression with a kernel in blocks: the α of (K + nρI) α = y, by preconditioned conjugate gradients in float64 (Hestenes and
 * Stiefel, 1952) for all outputs at once, with a Nyström preconditioner. It is `ntk.kernelRegression` for kernels that fit into no
 * memory: every iteration reads all blocks once. y is [n, outputs], or [n]; memory is that of one block, the preconditioner's
 * columns and some arrays like y. The kernel is float32, so a ρ below about 1e-6 of its diagonal fits its rounding.
 *
 * With `checkpoint` a run that was killed continues from the last saved iteration, to the same bits. A run that does not reach the
 * tolerance in `iterations` is no error: `converged` says so, and with a checkpoint it continues with a larger number.
 *
 * Errors: a y of another length (ShapeError) or not finite (DataError), a kernel of two batches, a ridge that is not positive or too small for
 * the rounding of the kernel, a checkpoint of other settings (ArgumentError), a block that is missing (IoError) or damaged (DataError).
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import * as TE from 'fp-ts/lib/TaskEither.js'
 * import { type checkpoint, ndarray, ops, type Tensor, withEngine } from 'tangentflow'
 * import { applyBlocked, blocked, solve } from 'tangentflow/blocks'
 *
 * const files = new Map<string, Uint8Array>()
 * const storesOf = (folder: string): checkpoint.Stores => (name) => ({
 *   read: TE.fromIO(() => files.get(`${folder}/${name}`)),
 *   write: (bytes) => TE.fromIO(() => void files.set(`${folder}/${name}`, bytes))
 * })
 * // lines with an intercept: Θ(x, x′) = x x′ + 1
 * const kernel = (_: readonly [], a: Tensor, b: Tensor): Tensor => ops.add(1)(ops.matmul(ops.transpose()(b))(a))
 * const x = ndarray.fromNested([[1], [2], [3]])
 * const y = ndarray.fromNested([3, 5, 7])
 * const prediction = await withEngine({ require: 'reference' })((engine) =>
 *   pipe(
 *     TE.Do,
 *     TE.bind('train', () => blocked(kernel, { stores: storesOf('train') })([], x)(engine)),
 *     TE.bind('test', () => blocked(kernel, { stores: storesOf('test') })([], ndarray.fromNested([[10]]), x)(engine)),
 *     TE.bind('fit', ({ train }) => solve(train, y, { ridge: 1e-9 })),
 *     TE.flatMap(({ test, fit }) => applyBlocked(test)(fit.dual))
 *   )
 * )()
 * assert.ok(E.isRight(prediction))
 * assert.ok(Math.abs(prediction.right.data[0]! - 21) < 1e-5)
 */
export const solve = entry(
  operation,
  'TaskEither',
  1,
  (kernel: BlockedKernel, y: NdArray, options: SolveOptions): TE.TaskEither<TangentError, Solution> =>
    pipe(
      TE.fromEither(attempt(() => systemOf(kernel, y, options))),
      TE.bindTo('system'),
      TE.bind('inverse', ({ system: { source, rank, shift } }) => nystrom(kernel, source, rank, shift)),
      TE.flatMap(({ system, inverse }) => {
        const { source, rank } = system
        const settings = {
          ...kernel.settings,
          y: `${fingerprint(y)}, each output in units of its own`,
          ridge: `${options.ridge}`,
          rank: `${rank}`,
          key: fingerprint(source)
        }
        return iterate(kernel, system, inverse, settings, options)
      }),
      TE.map((solution) => ({ ...solution, dual: of(y.shape, solution.dual.data) }))
    )
)
