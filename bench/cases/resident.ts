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
  resident,
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
import { type CallInput, inputsOf, planOf, stepsOf } from '../../lib/train/fit-plan.js'
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

type Step = ReturnType<typeof stepsOf<nn.Params>>
type State = train.TrainState<nn.Params>

/** Where some steps lead, and the loss of each. */
interface Reached {
  readonly at: Concrete<State>
  readonly losses: readonly number[]
  readonly executed: Executed
}

/** All steps, ready to be taken. */
type Steps = TE.TaskEither<TangentError, Reached>

const workOf = (unroll: number) => {
  const plan = planOf(network.apply, { ...options, unroll }, network.init(key(3), [inputs]), data, key(4))
  const calls = inputsOf(data, plan)({ start: 0, length: unroll, calls: STEPS / unroll })
  return { first: plan.first, calls }
}

/** The steps in programs of `unroll`, compiled, each of which takes the state up and brings it back. */
const compiled =
  (unroll: number, step: Step) =>
  (runner: Runner): TE.TaskEither<TangentError, Steps> => {
    const { first, calls } = workOf(unroll)
    return pipe(
      runner.compile<Parameters<Step>, ReturnType<Step>>(step, [first, calls[0]!]),
      TE.map((program) => async () => {
        let reached: Omit<Reached, 'executed'> & Partial<Reached> = { at: first, losses: [] }
        for (const input of calls) {
          const result = await program(reached.at, input)()
          if (E.isLeft(result)) return result
          const { value, executed } = result.right
          const losses = value[1].map((loss) => loss.data[0]!)
          reached = { at: value[0], losses: [...reached.losses, ...losses], executed }
        }
        return E.right({ ...reached, executed: reached.executed! })
      })
    )
  }

/** The steps one by one on a state that stays on the device, as `train.fit` takes them where the engine can. */
const staying = (runner: Runner): TE.TaskEither<TangentError, Steps> => {
  const { first, calls } = workOf(1)
  return pipe(
    resident(runner)<State, CallInput<nn.Params>, readonly Tensor[]>(training, [first, calls[0]!]),
    TE.map((program) =>
      pipe(
        program(first, calls),
        TE.map(({ value: [at, losses], executed }) => ({
          at,
          losses: losses.flat().map((loss) => loss.data[0]!),
          executed
        }))
      )
    )
  )
}

/** Takes what a step takes and gives what it gives, but computes next to nothing: what the moving alone costs. */
const moving: Step = (from, [_, steps]) => [
  tree.map((value: Tensor) => ops.mul(steps[0]!.rate)(value))(from),
  steps.map(({ batch: { x, y } }) => ops.add(ops.at(0, 0)(y))(ops.at(0, 0)(ops.at(0, 0)(x))))
]

const training = stepsOf(network.apply, options)

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
const kernelByKernel =
  (backend: KernelBackend, device: Device): TE.TaskEither<TangentError, Steps> =>
  async () => {
    const { first, calls } = workOf(1)
    const traced = expectRight(trace<Parameters<Step>, ReturnType<Step>>(training, [first, calls[0]!]))
    const plan = planOfGraph(optimise(traced.graph))
    const fed = calls.map((input) =>
      plan.feed(hostLeaves('bench', [first, input])).map((value) => Float32Array.from(value.data))
    )
    const size = hostLeaves('bench', first).length
    const becomes = Array.from({ length: size }, (_, i) => i)
    const shapes = plan.graph.outputs.map(({ shape }) => shape)
    const onDevice = await residentPlan(backend, device, plan, becomes)
    const all: Steps = async () => {
      await onDevice.write(fed[0]!.slice(0, size))
      const losses: number[] = []
      for (const each of fed) losses.push((await onDevice.step(each.slice(size)))[0]![0]!)
      const state = (await onDevice.read()).map((row, i) => ndarray.of(shapes[i]!, row))
      const at = unflattenOut<Concrete<State>>(traced.out[0], state)
      const name = `gpu.js ${VERSION} ${backend} (${device.adapter ?? ''})`
      return E.right({ at, losses, executed: { engine: `gpujs:${backend}`, backend: name, threads: 1 } })
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
      TE.flatMap((device) => readyOf(kernelByKernel(backend, device), device.release))
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
      { name: 'onnx:webgpu resident', threads: each, open: onEngine('onnx:webgpu', each, staying) },
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
