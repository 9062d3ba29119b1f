import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { requireWhole } from '../core/check.js'
import { entry } from '../core/entry.js'
import { checkOptions, option, type OptionKinds } from '../core/options.js'
import { showValue, type TangentError, tangentError } from '../core/error.js'
import { type Engine, engineOf } from './engine.js'
import { type EngineName, engineNames, engines, isEngineName } from './engines.js'

/**
 * The order in which `auto` tries engines: the fastest that is always right first. A GPU through gpu.js has to be asked for by
 * name, because a software adapter is slower than any of these.
 */
export const autoOrder: readonly EngineName[] = ['onnx:native', 'onnx:wasm', 'gpujs:webasm', 'reference']

/** The most threads of an engine. */
const MOST_THREADS = 1024

/** Which engine to open. */
export interface EngineOptions {
  /** The engine to try first; the others follow in the order of {@link autoOrder}. */
  readonly prefer?: EngineName | 'auto'
  /** The only engine that will do. */
  readonly require?: EngineName
  /**
   * A whole number of threads, at most 1024.
   *
   * @defaultValue 1
   */
  readonly threads?: number
}

const kinds: OptionKinds<EngineOptions> = { prefer: option.any, require: option.any, threads: option.number }

/** What came in place of a name, for an error. */
const word = (name: unknown): string => (typeof name === 'string' ? name : showValue(name))

/** Decodes a name given as text; anything but `auto` or an engine is a ConfigError that lists them. */
export const engineName = entry(
  'engineName',
  'Either',
  1,
  (name: string): E.Either<TangentError, EngineName | 'auto'> =>
    name === 'auto' || isEngineName(name)
      ? E.right(name)
      : E.left(tangentError('ConfigError', 'openEngine', `auto, ${engineNames.join(', ')}`, word(name)))
)

const candidates = ({ prefer, require }: EngineOptions): readonly EngineName[] => {
  if (require !== undefined) return [require]
  return prefer === undefined || prefer === 'auto'
    ? autoOrder
    : [prefer, ...autoOrder.filter((name) => name !== prefer)]
}

const open = (name: EngineName, threads: number): TE.TaskEither<TangentError, Engine> =>
  pipe(
    engines[name].open({ threads }),
    TE.map((backend) => engineOf(name, backend))
  )

/**
 * Opens an engine. With `require`, an engine that is not available is a Left; otherwise the next in order is tried, and
 * `engine.describe` and every result say which one was opened.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { openEngine } from 'tangentflow'
 *
 * const engine = await openEngine({ require: 'reference' })()
 * assert.ok(E.isRight(engine) && engine.right.name === 'reference')
 */
export const openEngine = entry(
  'openEngine',
  'TaskEither',
  1,
  (options: EngineOptions = {}): TE.TaskEither<TangentError, Engine> => {
    checkOptions('openEngine', kinds, options)
    const threads = requireWhole('openEngine', 'threads', options.threads ?? 1, 1, MOST_THREADS)
    for (const name of [options.prefer, options.require]) {
      const known = name === undefined ? E.right(name) : engineName(name)
      if (E.isLeft(known)) return TE.left(known.left)
    }
    if (options.require !== undefined && !isEngineName(options.require)) {
      return TE.left(
        tangentError('ConfigError', 'openEngine', 'one engine by name to require', options.require)
      )
    }
    const [first, ...rest] = candidates(options).map((name) => open(name, threads))
    return rest.reduce(
      (tried, next) =>
        pipe(
          tried,
          TE.orElse(() => next)
        ),
      first!
    )
  }
)

/** Opens an engine, uses it and disposes of it whatever the outcome, even if `use` throws. */
export const withEngine = entry(
  'withEngine',
  'TaskEither',
  2,
  (options: EngineOptions = {}) =>
    <A>(use: (engine: Engine) => TE.TaskEither<TangentError, A>): TE.TaskEither<TangentError, A> =>
      pipe(
        openEngine(options),
        TE.flatMap((engine) => async () => {
          try {
            return await use(engine)()
          } finally {
            await engine.dispose()
          }
        })
      )
)
