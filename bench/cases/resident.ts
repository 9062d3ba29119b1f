import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import {
  type Concrete,
  type EngineName,
  engineNames,
  type Executed,
  fold,
  key,
  ndarray,
  nn,
  ops,
  optimise,
  type Runner,
  type Tensor,
  type TangentError,
  TangentFailure,
  trace,
  train,
  tree,
  uniforms,
  openEngine,
  withEngine
} from '../../lib/index.js'
import type { KernelBackend } from '../../kernels/kernel.js'
import type { Device } from '../../lib/engine/gpujs/device/device.js'
import { openDevice } from '../../lib/engine/gpujs/device/open-device.js'
import { VERSION } from '../../lib/engine/gpujs/packages.js'
import { planOf as planOfGraph } from '../../lib/engine/plan.js'
import { hostLeaves } from '../../lib/graph/spec.js'
import { unflattenOut } from '../../lib/graph/trace.js'
import { type ChunkArguments, chunkOf, inputsOf, planOf } from '../../lib/train/fit-plan.js'
import { type Candidate, type Case, type Outcome, type Ready, timed } from '../harness/candidate.js'
import { residentPlan } from '../peers/resident.js'

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

type Chunk = ReturnType<typeof chunkOf<nn.Params>>

/** Where some steps lead, and the loss of each. */
interface Reached {
  readonly at: Concrete<train.TrainState<nn.Params>>
  readonly losses: readonly number[]
  readonly executed: Executed
}

/** All steps, ready to be taken. */
type Steps = TE.TaskEither<TangentError, Reached>

const workOf = (unroll: number) => {
  const plan = planOf(network.apply, { ...options, unroll }, network.init(key(3), [inputs]), data, key(4))
  return { first: plan.first, places: plan.chunks.map(inputsOf(data, plan)) }
}

/** The steps in programs of `unroll`, compiled, as `train.fit` takes them. */
const compiled =
  (unroll: number, chunk: Chunk) =>
  (runner: Runner): TE.TaskEither<TangentError, Steps> => {
    const { first, places } = workOf(unroll)
    return pipe(
      runner.compile<ChunkArguments<nn.Params>, ReturnType<Chunk>>(chunk, [first, ...places[0]!]),
      TE.map((program) => async () => {
        let reached: Omit<Reached, 'executed'> & Partial<Reached> = { at: first, losses: [] }
        for (const each of places) {
          const result = await program(reached.at, ...each)()
          if (E.isLeft(result)) return result
          const { value, executed } = result.right
          const losses = value.losses.map((loss) => loss.data[0]!)
          reached = { at: value.to, losses: [...reached.losses, ...losses], executed }
        }
        return E.right({ ...reached, executed: reached.executed! })
      })
    )
  }

/** Takes what a step takes and gives what it gives, but computes next to nothing: what the moving alone costs. */
const moving: Chunk = (from, _, steps) => ({
  to: tree.map((value: Tensor) => ops.mul(steps[0]!.rate)(value))(from),
  losses: steps.map(({ batch: { x, y } }) => ops.add(ops.at(0, 0)(y))(ops.at(0, 0)(ops.at(0, 0)(x))))
})

const training = chunkOf(network.apply, options)

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

const readyOf =
  (
    steps: TE.TaskEither<TangentError, Steps>,
    dispose: () => Promise<void>
  ): TE.TaskEither<TangentError, Ready> =>
  async () => {
    const begin = performance.now()
    const made = await steps()
    if (E.isLeft(made)) {
      await dispose()
      return made
    }
    const all = made.right
    return E.right({
      stages: { compile: performance.now() - begin },
      once: async () => {
        const reached = expectRight(await all())
        return { outcome: outcomeOf(reached), executed: reached.executed }
      },
      step: async () => (await timed(async () => expectRight(await all()))) / STEPS,
      dispose
    })
  }

/** The steps with parameters that stay on the device, by `residentPlan`. */
const resident =
  (backend: KernelBackend, device: Device): TE.TaskEither<TangentError, Steps> =>
  async () => {
    const { first, places } = workOf(1)
    const argumentsAt = (i: number) => [first, ...places[i]!] as const
    const traced = expectRight(trace<ChunkArguments<nn.Params>, ReturnType<Chunk>>(training, argumentsAt(0)))
    const plan = planOfGraph(optimise(traced.graph))
    const fed = places.map((_, i) =>
      plan.feed(hostLeaves('bench', argumentsAt(i))).map((value) => Float32Array.from(value.data))
    )
    const size = hostLeaves('bench', first).length
    // the one loss comes before the state, in the order of their names
    const becomes = Array.from({ length: size }, (_, i) => i + 1)
    const shapes = plan.graph.outputs.map(({ shape }) => shape)
    const onDevice = await residentPlan(backend, device, plan, becomes)
    const all: Steps = async () => {
      await onDevice.write(fed[0]!.slice(0, size))
      const losses: number[] = []
      for (const each of fed) losses.push((await onDevice.step(each.slice(size)))[0]![0]!)
      const state = (await onDevice.read()).map((row, i) => ndarray.of(shapes[i + 1]!, row))
      const { to } = unflattenOut<Concrete<ReturnType<Chunk>>>(traced.out, [ndarray.scalar(0), ...state])
      const name = `gpu.js ${VERSION} ${backend} (${device.adapter ?? ''})`
      return E.right({ at: to, losses, executed: { engine: `gpujs:${backend}`, backend: name, threads: 1 } })
    }
    // kernels are compiled when they are first called
    await onDevice.write(fed[0]!.slice(0, size))
    await onDevice.step(fed[0]!.slice(size))
    return E.right(all)
  }

const onEngine = (
  name: EngineName,
  threads: number,
  steps: (runner: Runner) => TE.TaskEither<TangentError, Steps>
): TE.TaskEither<TangentError, Ready> =>
  pipe(
    openEngine({ require: name, threads }),
    TE.flatMap((engine) => readyOf(steps(engine), engine.dispose))
  )

const engines = engineNames.filter((name) => name !== 'reference')

const candidatesOf =
  (threads: number) =>
  (name: EngineName): readonly Candidate[] => [
    { name: `${name} moving`, threads, isBound: true, open: onEngine(name, threads, compiled(1, moving)) },
    ...unrolls.map((unroll) => ({
      name: `${name} × ${unroll}`,
      threads,
      open: onEngine(name, threads, compiled(unroll, training))
    }))
  ]

const residentOn =
  (threads: number) =>
  (backend: 'webgpu' | 'headlessgl'): Candidate => ({
    name: `gpujs:${backend} resident`,
    threads,
    open: pipe(
      openDevice(backend),
      TE.flatMap((device) => readyOf(resident(backend, device), device.release))
    )
  })

export const residentCase: Case = {
  name: 'resident',
  title:
    `a training step of MLP 784-512-10, batch 128, by ${unrolls.join(', ')} in a program; moving: what a step takes ` +
    'and gives, without the step; resident: kernel by kernel, with parameters that stay on the device',
  reference: pipe(
    withEngine({ require: 'reference' })((engine) =>
      pipe(
        compiled(1, training)(engine),
        TE.flatMap((all) => all)
      )
    ),
    TE.map(outcomeOf)
  ),
  tolerance: 1e-4,
  candidates: (threads) =>
    threads.flatMap((each) => [
      ...engines.flatMap(candidatesOf(each)),
      ...(['webgpu', 'headlessgl'] as const).map(residentOn(each))
    ]),
  comparisons: engines.flatMap((name) =>
    ['moving', '× 4', '× 16', 'resident'].map((way) => ({
      of: `${name} ${way}`,
      to: `${name} × 1`,
      sameThreads: true
    }))
  )
}
