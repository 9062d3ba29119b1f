import { pipe } from 'fp-ts/lib/function.js'
import * as E from 'fp-ts/lib/Either.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import type * as attack from '../attack/index.js'
import type { HostKey } from '../core/key.js'
import { full, type NdArray, of } from '../core/ndarray.js'
import { run } from '../engine/compile.js'
import type { Key } from '../graph/key.js'
import type { Effect, Runner } from '../graph/runner.js'
import type { Concrete } from '../graph/spec.js'
import type { Tensor } from '../graph/tensor.js'
import { attempt } from '../graph/trace.js'
import * as mask from '../mask/index.js'
import type * as nn from '../nn/index.js'
import * as ntk from '../ntk/index.js'
import type { Measures } from './record.js'
import * as train from '../train/index.js'
import { countsOf, pixelsOf, rounded } from './measure.js'
import type { Judged } from './data.js'
import type { Chosen } from './methods.js'
import type { Distance } from './search-record.js'

type Mask = Concrete<nn.Weights>

/** The network at its start, and the images kept out on which it is measured. */
export interface Measured {
  readonly network: nn.Network
  readonly params: Concrete<nn.Params>
  readonly judged: Judged
  readonly classes: number
  readonly key: HostKey
}

/** Kernel and output distance to dense at initialisation, under an attack. */
export const distanceTo =
  ({ network, params, judged: { kernel }, key }: Measured, against: attack.Attack) =>
  (chosen: Mask, at: Concrete<nn.Params>): Effect<Distance> =>
    pipe(
      (runner: Runner) =>
        run(runner)(mask.distance(network.apply, against))(
          params,
          chosen,
          kernel[0].x,
          { x: kernel[1].x, y: kernel[1].y },
          key,
          at
        ),
      RTE.map(({ value }) => ({ kernel: value.kernel.data[0]!, output: value.output.data[0]! }))
    )

/** The attacked images on which trainings are followed: fixed, so attacked against the dense network as it starts. */
export const followed = (
  { network, params, judged: { dynamics }, key }: Measured,
  against: attack.Attack
): Effect<NdArray> =>
  pipe(
    (runner: Runner) =>
      run(runner)((p: nn.Params, batch: nn.Batch, k: Key): Tensor => against(network.apply)(p, batch, k).x)(
        params,
        dynamics,
        key
      ),
    RTE.map(({ value }) => value)
  )

const oneHot = (labels: NdArray, classes: number): NdArray =>
  of(
    [labels.data.length, classes],
    Array.from(labels.data).flatMap((label) =>
      Array.from({ length: classes }, (_, k) => (k === label ? 1 : 0))
    )
  )

const whole = (params: Concrete<nn.Params>): Mask =>
  params.map(({ w }) => (w === undefined ? {} : { w: full(w.shape, 1) }))

/** Eigenvalues and alignments of the natural kernel of a masked network at its start. */
const kernelOf =
  ({ network, params, judged: { kernel }, classes }: Measured) =>
  ({ mask: chosen, start }: Chosen): Effect<NonNullable<Measures['kernel']>> => {
    const [{ x, y }] = kernel
    const gram = (p: nn.Params, inputs: Tensor, m: nn.Weights): Tensor =>
      ntk.empiricalNtk(network.apply, { outputs: 'mean' })(p, inputs, inputs, m)
    const ones = whole(params)
    return pipe(
      (runner: Runner) => runner.compile(gram, [params, x, ones]),
      RTE.flatMap((program) =>
        pipe(
          RTE.Do,
          RTE.bind('dense', () => RTE.fromTaskEither(program(params, x, ones))),
          RTE.bind('sparse', () => RTE.fromTaskEither(program(start, x, chosen ?? ones)))
        )
      ),
      RTE.flatMapEither(({ dense, sparse }) =>
        pipe(
          E.Do,
          E.bind('spectrum', () => ntk.spectrum(sparse.value)),
          E.bind('effectiveRank', () => ntk.effectiveRank(sparse.value)),
          E.bind('labelAlignment', () => ntk.labelAlignment(sparse.value, oneHot(y, classes))),
          E.bind('denseAlignment', () => ntk.alignment(sparse.value, dense.value)),
          E.map(({ spectrum: { values }, ...rest }) => ({ eigenvalues: values.map(rounded), ...rest }))
        )
      )
    )
  }

/** What the shapes and the mask alone say. */
export const countedOf = (
  network: nn.Network,
  params: Concrete<nn.Params>,
  inputShape: readonly number[],
  chosen: Mask | undefined
): Measures => {
  const first = params.find(({ w }) => w !== undefined)?.w
  return {
    layers: countsOf(params, chosen),
    cost: mask.cost(network, inputShape)(params, chosen ?? []),
    ...(chosen === undefined || first?.shape.length !== 2 ? {} : { pixels: pixelsOf(chosen) })
  }
}

/** What is measured of a method at its start, and of its training beside the dense one where there is one to follow. */
export const measuredOf = (
  measured: Measured,
  against: attack.Attack,
  chosen: Chosen,
  run_: { readonly steps: number; readonly checkpoints: train.Trajectory },
  dense: train.Trajectory | undefined
): Effect<Omit<Measures, 'layers' | 'cost'>> =>
  pipe(
    RTE.Do,
    RTE.bind('kernel', () => kernelOf(measured)(chosen)),
    RTE.bind('distance', () =>
      chosen.mask === undefined ? RTE.of(undefined) : distanceTo(measured, against)(chosen.mask, chosen.start)
    ),
    RTE.bind('trajectory', () =>
      dense === undefined
        ? RTE.of(undefined)
        : RTE.fromEither(attempt(() => train.distances(run_.checkpoints, dense)))
    ),
    RTE.map(({ kernel, distance, trajectory }) => ({
      kernel,
      ...(chosen.search === undefined ? {} : { search: chosen.search }),
      ...(distance === undefined ? {} : { distance }),
      ...(trajectory === undefined
        ? {}
        : {
            epochs: run_.checkpoints.map(({ step }) => (step * chosen.epochs) / run_.steps),
            trajectory: trajectory.map(rounded)
          })
    }))
  )
