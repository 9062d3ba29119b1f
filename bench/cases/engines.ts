import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import {
  type Concrete,
  type EngineName,
  engineNames,
  openEngine,
  optimise,
  type Result,
  TangentFailure,
  type TangentError,
  trace
} from '../../lib/index.js'
import { specsOf } from '../../lib/graph/spec.js'
import {
  type Candidate,
  type Outcome,
  type Ready,
  type StageTimes,
  timed,
  timedValue
} from '../harness/candidate.js'

/** A function to run on every engine. */
export interface EngineWork<Args extends readonly unknown[], Out> {
  readonly f: (...args: Args) => Out
  /** `f` without its derivatives, if that can be said: how much of tracing is differentiation. */
  readonly forward?: (...args: Args) => unknown
  readonly args: Concrete<Args>
  readonly outcome: (value: Concrete<Out>) => Outcome
}

/** The value of a Right; a Left is thrown, since it is a defect of the benchmark by then. */
const expectRight = <A>(result: E.Either<TangentError, A>): A => {
  if (E.isLeft(result)) throw new TangentFailure(result.left)
  return result.right
}

/** What each stage before lowering takes. Derivatives are taken while tracing, so their share is a difference. */
const frontStages = <Args extends readonly unknown[], Out>({
  f,
  forward,
  args
}: EngineWork<Args, Out>): { readonly stages: StageTimes; readonly frontMs: number } => {
  const specs = specsOf<Args>('bench', args)
  const plain = forward === undefined ? undefined : timedValue(() => trace(forward, specs)).ms
  const whole = timedValue(() => expectRight(trace(f, specs)))
  const optimised = timedValue(() => optimise(whole.value.graph))
  const front =
    plain === undefined ? { trace: whole.ms } : { trace: plain, differentiate: Math.max(0, whole.ms - plain) }
  return { stages: { ...front, optimise: optimised.ms }, frontMs: whole.ms + optimised.ms }
}

/**
 * A function on every engine that this library knows, one that is not there included: its row says why. The compile of the
 * engine traces and optimises once more, which is taken off to leave the lowering.
 */
export const engineCandidates =
  <Args extends readonly unknown[], Out>(
    work: EngineWork<Args, Out>,
    names: readonly EngineName[] = engineNames
  ) =>
  (threads: number): readonly Candidate[] =>
    names
      .filter((name) => name !== 'reference')
      .map((name) => ({ name, threads, open: openOn(work, name, threads) }))

const openOn = <Args extends readonly unknown[], Out>(
  work: EngineWork<Args, Out>,
  name: EngineName,
  threads: number
): TE.TaskEither<TangentError, Ready> =>
  pipe(
    openEngine({ require: name, threads }),
    TE.flatMap((engine) => async () => {
      const { stages, frontMs } = frontStages(work)
      const start = performance.now()
      const compiled = await engine.compile(work.f, specsOf<Args>('bench', work.args))()
      const ms = performance.now() - start
      if (E.isLeft(compiled)) {
        await engine.dispose()
        return compiled
      }
      const run = async (): Promise<Result<Concrete<Out>>> =>
        expectRight(await compiled.right(...work.args)())
      return E.right({
        stages: { ...stages, lower: Math.max(0, ms - frontMs) },
        once: async () => {
          const { value, executed } = await run()
          return { outcome: work.outcome(value), executed }
        },
        step: () => timed(run),
        dispose: engine.dispose
      })
    })
  )
