import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type TangentError, tangentError } from '../core/error.js'
import { engineOf } from './compile.js'
import { type Engine, type EngineName, engineNames, type OpenBackend } from './engine.js'
import { openOnnx } from './onnx/backend.js'
import { openGpujs } from './gpujs/backend.js'
import { openReference } from './reference/backend.js'

/** How every engine is opened. */
const openers: { readonly [Name in EngineName]: OpenBackend } = {
  reference: openReference,
  'onnx:native': openOnnx('native'),
  'onnx:wasm': openOnnx('wasm'),
  'gpujs:webgpu': openGpujs('webgpu'),
  'gpujs:webgl2': openGpujs('webgl2'),
  'gpujs:headlessgl': openGpujs('headlessgl'),
  'gpujs:webasm': openGpujs('webasm'),
  'gpujs:cpu': openGpujs('cpu')
}

/** Opens the bare backend of an engine, for those who drive or time the stages of compiling one by one. */
export const openBackend = (name: EngineName): OpenBackend => openers[name]

/**
 * The order in which `auto` tries engines: the fastest that is always right first. A GPU through gpu.js is asked for by
 * name; what a software adapter would give is slower than any of these.
 */
export const autoOrder: readonly EngineName[] = ['onnx:native', 'onnx:wasm', 'gpujs:webasm', 'reference']

/**
 * Which engine to open. `prefer` names what to try first and falls through `auto`'s order; `require` names the only
 * one that will do. `threads` is a whole number, 1 unless given.
 */
export interface EngineOptions {
  readonly prefer?: EngineName | 'auto'
  readonly require?: EngineName
  readonly threads?: number
}

const isEngineName = (name: string): name is EngineName => (engineNames as readonly string[]).includes(name)

/** Decodes a name given as text; anything but `auto` or an engine is a ConfigError that lists them. */
export const engineName = (name: string): E.Either<TangentError, EngineName | 'auto'> =>
  name === 'auto' || isEngineName(name)
    ? E.right(name)
    : E.left(tangentError('ConfigError', 'openEngine', `auto, ${engineNames.join(', ')}`, name))

const candidates = ({ prefer, require }: EngineOptions): readonly EngineName[] => {
  if (require !== undefined) return [require]
  return prefer === undefined || prefer === 'auto'
    ? autoOrder
    : [prefer, ...autoOrder.filter((name) => name !== prefer)]
}

const open = (name: EngineName, threads: number): TE.TaskEither<TangentError, Engine> =>
  pipe(
    openers[name]({ threads }),
    TE.map((backend) => engineOf(name, backend))
  )

/**
 * Opens an engine. With `require`, an engine that is not there is a Left; otherwise the next in order is tried, and
 * `engine.describe` and every result say which one it became.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { openEngine } from 'tangentflow'
 *
 * const engine = await openEngine({ require: 'reference' })()
 * assert.ok(E.isRight(engine) && engine.right.name === 'reference')
 */
export const openEngine = (options: EngineOptions = {}): TE.TaskEither<TangentError, Engine> => {
  const threads = options.threads ?? 1
  if (!Number.isInteger(threads) || threads < 1) {
    return TE.left(
      tangentError('ArgumentError', 'openEngine', 'a whole number of threads of at least 1', `${threads}`)
    )
  }
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

/** Opens an engine, uses it and disposes of it, whatever the outcome: also where `use` throws. */
export const withEngine =
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
