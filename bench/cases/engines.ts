import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import {
  type Concrete,
  type Engine,
  type EngineName,
  engineNames,
  optimise,
  type Program,
  type Result,
  type TangentError,
  trace
} from '../../lib/index.js'
import { getOrThrow } from '../../lib/core/error.js'
import { engineOf } from '../../lib/engine/engine.js'
import type { Backend } from '../../lib/engine/backend.js'
import { engines } from '../../lib/engine/engines.js'
import { applyLoopRule, type LoopRule } from '../../lib/engine/loops.js'
import { planOf } from '../../lib/engine/plan.js'
import { specsOf } from '../../lib/graph/spec.js'
import { costOfGraph } from '../../lib/optimise/cost.js'
import {
  type Candidate,
  type Case,
  type Outcome,
  type Ready,
  type StageTimes,
  timed,
  timedValue,
  totalOf
} from '../harness/candidate.js'

/** A function to run on every engine. */
export interface EngineWork<Args extends readonly unknown[], Out> {
  readonly f: (...args: Args) => Out
  /** `f` without its derivatives, if that can be said: how much of tracing is differentiation. */
  readonly forward?: (...args: Args) => unknown
  readonly args: Concrete<Args>
  readonly outcome: (value: Concrete<Out>) => Outcome
}

/** How long each stage takes when it runs for the first time. Derivatives are taken while tracing: their share is a difference. */
const stagesOf = <Args extends readonly unknown[], Out>(
  backend: Backend,
  loops: LoopRule,
  { f, forward, args }: EngineWork<Args, Out>
): TE.TaskEither<TangentError, StageTimes> => {
  const specs = specsOf<Args>('bench', args)
  const whole = timedValue(() => trace(f, specs))
  const plain = forward === undefined ? 0 : timedValue(() => trace(forward, specs)).ms
  if (E.isLeft(whole.value)) return TE.left(whole.value.left)
  const { graph } = whole.value.right
  const optimised = timedValue(() => optimise(applyLoopRule(loops, graph)))
  const start = performance.now()
  return pipe(
    backend.load(planOf(optimised.value)),
    TE.flatMap((executable) => {
      const lower = performance.now() - start
      const front =
        forward === undefined
          ? { trace: whole.ms }
          : { trace: Math.min(plain, whole.ms), differentiate: Math.max(0, whole.ms - plain) }
      return TE.fromTask<StageTimes, TangentError>(async () => {
        await executable.dispose()
        return { ...front, optimise: optimised.ms, lower }
      })
    })
  )
}

/** What a step of a candidate is: one run of the program, or making it ready once more. */
type Timing = 'run' | 'compile'

/** Floating-point operations of the optimised graph. */
export const flopsOf = <Args extends readonly unknown[], Out>({ f, args }: EngineWork<Args, Out>): number =>
  costOfGraph(optimise(getOrThrow(trace(f, specsOf<Args>('bench', args))).graph)).flops

/** A function on every engine that this library knows, one that is not there included: its row says why. */
export const engineCandidates =
  <Args extends readonly unknown[], Out>(work: EngineWork<Args, Out>, timing: Timing = 'run') =>
  (threads: number): readonly Candidate[] =>
    engineNames
      .filter((name) => name !== 'reference')
      .map((name) => ({ name, threads, open: openOn(work, timing, name, threads) }))

/** How long it takes to make the step of a case ready, again and again in one process. */
export const compileCaseOf = <Args extends readonly unknown[], Out>(
  { flops: _, ...step }: Case,
  work: () => EngineWork<Args, Out>
): Case => ({
  ...step,
  name: `compile-${step.name}`,
  title: `trace, differentiate, optimise and lower ${step.name}; median: once more, stages: the first time`,
  candidates: () => engineCandidates(work(), 'compile')(1),
  comparisons: []
})

const readyOn = <Args extends readonly unknown[], Out>(
  work: EngineWork<Args, Out>,
  stages: StageTimes,
  engine: Engine,
  program: Program<Args, Out>
): Ready => {
  const run = async (): Promise<Result<Concrete<Out>>> => getOrThrow(await program(...work.args)())
  return {
    stages,
    once: async () => {
      const { value, executed } = await run()
      return { outcome: work.outcome(value), executed }
    },
    step: () => timed(run),
    dispose: engine.dispose
  }
}

/** Opens the engine as `openEngine` does, but keeps hold of its backend to time the stages apart. */
const openOn = <Args extends readonly unknown[], Out>(
  work: EngineWork<Args, Out>,
  timing: Timing,
  name: EngineName,
  threads: number
): TE.TaskEither<TangentError, Ready> =>
  pipe(
    engines[name].open({ threads }),
    TE.flatMap((backend) => {
      const engine = engineOf(name, backend)
      // anew each time: the stages before a load run when the effect is made
      const stages = () => stagesOf(backend, engines[name].loops, work)()
      return pipe(
        stages,
        TE.flatMap((first) =>
          pipe(
            engine.compile(work.f, specsOf<Args>('bench', work.args)),
            TE.map((program) => readyOn(work, first, engine, program)),
            TE.map((ready) =>
              timing === 'run'
                ? ready
                : { ...ready, step: async () => totalOf(getOrThrow(await stages())) ?? NaN }
            )
          )
        ),
        TE.orElseFirstTaskK(() => engine.dispose)
      )
    })
  )
