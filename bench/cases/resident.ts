import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import {
  type Concrete,
  type Engine,
  type EngineName,
  engineNames,
  type Executed,
  fold,
  key,
  ndarray,
  nn,
  type Runner,
  type TangentError,
  TangentFailure,
  train,
  uniforms,
  openEngine,
  withEngine
} from '../../lib/index.js'
import { type ChunkArguments, chunkOf, inputsOf, planOf } from '../../lib/train/plan.js'
import { type Candidate, type Case, type Outcome, type Ready, timed } from '../harness/candidate.js'

// What it costs training that parameters go up and come back with every program: the same steps in many programs and in few.

const STEPS = 16
const unrolls = [1, 4, 16] as const
const [inputs, hidden, classes, batch] = [784, 512, 10, 128]

const network = nn.serial(nn.dense(hidden), nn.relu, nn.dense(classes))
const options: train.FitOptions = {
  epochs: 1,
  batch,
  optimiser: train.sgd,
  schedule: train.schedule.constant(0.1)
}

const count = STEPS * batch
const data = {
  x: ndarray.of([count, inputs], uniforms(fold(1)(key(0)), count * inputs)),
  y: ndarray.of(
    [count],
    uniforms(fold(2)(key(0)), count).map((u) => Math.floor(u * classes))
  )
}

/** Where some steps lead, and the loss of each. */
interface Reached {
  readonly at: Concrete<train.Optimised<nn.Params>>
  readonly losses: readonly number[]
  readonly executed: Executed | undefined
}

/** The steps in programs of `unroll`, compiled, as `train.fit` takes them. */
const stepsOf =
  (unroll: number) =>
  (runner: Runner): TE.TaskEither<TangentError, TE.TaskEither<TangentError, Reached>> => {
    const plan = planOf(network.apply, { ...options, unroll }, network.init(key(3), [inputs]), data, key(4))
    const argumentsOf = inputsOf(data, plan)
    const places = plan.chunks.map(argumentsOf)
    const start: Reached = { at: plan.first, losses: [], executed: undefined }
    return pipe(
      runner.compile<ChunkArguments, ReturnType<ReturnType<typeof chunkOf>>>(
        chunkOf(network.apply, options),
        [plan.first, ...places[0]!]
      ),
      TE.map((program) =>
        places.reduce<TE.TaskEither<TangentError, Reached>>(
          (before, each) =>
            pipe(
              before,
              TE.flatMap(({ at, losses }) =>
                pipe(
                  program(at, ...each),
                  TE.map(({ value, executed }) => ({
                    at: value.to,
                    losses: [...losses, ...value.losses.map((loss) => loss.data[0]!)],
                    executed
                  }))
                )
              )
            ),
          TE.right(start)
        )
      )
    )
  }

const outcomeOf = ({ at: { params }, losses }: Reached): Outcome => ({
  losses: ndarray.of([losses.length], losses),
  ...Object.fromEntries(
    params.flatMap(({ w, b }, l) =>
      w === undefined || b === undefined
        ? []
        : [
            [`w${l}`, w],
            [`b${l}`, b]
          ]
    )
  )
})

const expectRight = <A>(result: E.Either<TangentError, A>): A => {
  if (E.isLeft(result)) throw new TangentFailure(result.left)
  return result.right
}

const readyOn = (unroll: number, engine: Engine): TE.TaskEither<TangentError, Ready> => {
  const begin = performance.now()
  return pipe(
    stepsOf(unroll)(engine),
    TE.map((all): Ready => ({
      stages: { compile: performance.now() - begin },
      once: async () => {
        const reached = expectRight(await all())
        return { outcome: outcomeOf(reached), executed: reached.executed! }
      },
      step: async () => (await timed(async () => expectRight(await all()))) / STEPS,
      dispose: engine.dispose
    })),
    TE.orElseFirstTaskK(() => engine.dispose)
  )
}

const labelled = (name: EngineName, unroll: number): string => `${name} × ${unroll}`

const candidatesOf =
  (threads: number) =>
  (name: EngineName): readonly Candidate[] =>
    unrolls.map((unroll) => ({
      name: labelled(name, unroll),
      threads,
      open: pipe(
        openEngine({ require: name, threads }),
        TE.flatMap((engine) => readyOn(unroll, engine))
      )
    }))

const engines = engineNames.filter((name) => name !== 'reference')

export const residentCase: Case = {
  name: 'resident',
  title: `a training step of MLP 784-512-10, batch 128, by ${unrolls.join(', ')} in a program`,
  reference: pipe(
    withEngine({ require: 'reference' })((engine) =>
      pipe(
        stepsOf(1)(engine),
        TE.flatMap((all) => all)
      )
    ),
    TE.map(outcomeOf)
  ),
  tolerance: 1e-4,
  candidates: (threads) => threads.flatMap((each) => engines.flatMap(candidatesOf(each))),
  comparisons: engines.flatMap((name) =>
    unrolls.slice(1).map((unroll) => ({
      of: labelled(name, unroll),
      to: labelled(name, 1),
      sameThreads: true
    }))
  )
}
