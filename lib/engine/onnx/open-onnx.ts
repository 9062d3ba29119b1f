import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { tangentError, type TangentError } from '../../core/error.js'
import { attempt } from '../../graph/trace.js'
import type { Executed } from '../../graph/runner.js'
import type { Backend, Executable, OpenBackend } from '../backend.js'
import type { Plan } from '../plan.js'
import type { Model, Value } from './builder.js'
import { loadRuntime, type OnnxKind, type Runtime, type Session } from './runtime.js'
import { serialise } from './serialise.js'
import { lower } from './lower.js'

const disposed = (operation: string, what: string): TangentError =>
  tangentError('EngineError', operation, `${what} that is open`, 'one that was disposed')

/** The sessions that are open; leaving the set releases one. */
interface Sessions {
  readonly has: (session: Session) => boolean
  readonly release: (session: Session) => Promise<void>
}

const executableOf = (
  session: Session,
  sessions: Sessions,
  { inputs, outputs }: Model,
  executed: Executed
): Executable => ({
  executed,
  run: (values) =>
    pipe(
      TE.fromIO(() => sessions.has(session)),
      TE.filterOrElse(
        (isOpen) => isOpen,
        () => disposed('onnx.run', 'a program')
      ),
      TE.flatMap(() =>
        session.run(
          inputs.map(({ name }, k) => ({ name, value: values[k]! })),
          outputs
        )
      ),
      TE.map((results) => outputs.map(({ name }) => results.get(name)!))
    ),
  dispose: () => sessions.release(session)
})

const backendOf = (kind: OnnxKind, runtime: Runtime): Backend => {
  const executed: Executed = { engine: `onnx:${kind}`, backend: runtime.backend, threads: runtime.threads }
  const open = new Set<Session>()
  let isOpen = true
  const sessions: Sessions = {
    has: (session) => open.has(session),
    release: async (session) => {
      if (open.delete(session)) await session.release()
    }
  }
  const loadModel = (model: Model): TE.TaskEither<TangentError, Executable> =>
    pipe(
      runtime.open(serialise(model)),
      TE.map((session) => {
        open.add(session)
        return executableOf(session, sessions, model, executed)
      })
    )
  const load = (plan: Plan): TE.TaskEither<TangentError, Executable> =>
    isOpen
      ? pipe(TE.fromEither(attempt(() => lower(plan))), TE.flatMap(loadModel))
      : TE.left(disposed('onnx.load', 'an engine'))
  return {
    executed,
    load,
    held: () => ({ sessions: open.size }),
    dispose: async () => {
      isOpen = false
      for (const session of open) await sessions.release(session)
    }
  }
}

const port = (name: string): Value => ({ name, dims: [1], type: 'float' })

const identity: Model = {
  inputs: [port('x')],
  outputs: [port('y')],
  nodes: [{ op: 'Identity', inputs: [port('x')], outputs: [port('y')], attributes: {} }],
  initializers: []
}

/** WebAssembly is fetched and compiled with the first model: nothing is believed to be there that has not opened one. */
const prove = (kind: OnnxKind, runtime: Runtime): TE.TaskEither<TangentError, Runtime> =>
  kind === 'native'
    ? TE.right(runtime)
    : pipe(
        runtime.open(serialise(identity)),
        TE.mapLeft(({ received }) =>
          tangentError(
            'EngineError',
            'openEngine',
            'the WebAssembly of onnxruntime-web',
            received,
            `onnx:${kind}`
          )
        ),
        TE.flatMap(({ release }) => TE.fromTask(release)),
        TE.map(() => runtime)
      )

/**
 * The ONNX engine: the plan as one ONNX model, run by ONNX Runtime on the CPU, natively or as WebAssembly. A missing
 * package is a Left.
 */
export const openOnnx =
  (kind: OnnxKind): OpenBackend =>
  ({ threads }) =>
    pipe(
      loadRuntime(kind, threads),
      TE.flatMap((runtime) => prove(kind, runtime)),
      TE.map((runtime) => backendOf(kind, runtime))
    )
