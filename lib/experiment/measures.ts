import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import type * as attack from '../attack/index.js'
import { getOrThrow } from '../core/error.js'
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
import * as train from '../train/index.js'
import type { MeasureImages } from './images.js'
import type { MethodResult } from './methods/index.js'
import { rounded } from './encode-json.js'
import type { DistanceRecord, Measures } from './experiment-record.js'

type Mask = Concrete<nn.Weights>

/** The network at its start, and the images held out on which it is measured. */
export interface MeasureInput {
  readonly network: nn.Network
  readonly params: Concrete<nn.Params>
  readonly images: MeasureImages
  readonly classes: number
  readonly key: HostKey
  /** Whether the network's outputs are 0 at its start. */
  readonly isCentred: boolean
}

/** Kernel and output distance to dense at initialisation, under an attack. */
export const distanceTo =
  ({ network, params, images: { kernel }, key, isCentred }: MeasureInput, attacked: attack.Attack) =>
  (chosen: Mask, at: Concrete<nn.Params>): Effect<DistanceRecord> =>
    pipe(
      (runner: Runner) =>
        run(runner)(mask.distance(network.apply, attacked))(
          params,
          chosen,
          kernel[0].x,
          { x: kernel[1].x, y: kernel[1].y },
          key,
          at
        ),
      RTE.map(({ value: { kernel: apart, output } }) => ({
        kernel: apart.data[0]!,
        // centred outputs are 0 at the start, and a distance relative to them is none
        ...(isCentred ? {} : { output: output.data[0]! })
      }))
    )

/** The images on which trainings are followed, attacked once against the dense network as it starts. */
export const followedImages = (
  { network, params, images: { dynamics }, key }: MeasureInput,
  attacked: attack.Attack
): Effect<NdArray> =>
  pipe(
    (runner: Runner) =>
      run(runner)((p: nn.Params, batch: nn.Batch, k: Key): Tensor => attacked(network.apply)(p, batch, k).x)(
        params,
        dynamics,
        key
      ),
    RTE.map(({ value }) => value)
  )

const oneHot = ({ data }: NdArray, classes: number): NdArray => {
  const out = new Float64Array(data.length * classes)
  data.forEach((label: number, i: number) => void (out[i * classes + label] = 1))
  return of([data.length, classes], out)
}

const wholeMask = (params: Concrete<nn.Params>): Mask =>
  params.map(({ w }) => (w === undefined ? {} : { w: full(w.shape, 1) }))

/** Eigenvalues and alignments of the natural kernel of a masked network at its start. */
const kernelOf =
  ({ network, params, images: { kernel }, classes }: MeasureInput) =>
  ({ mask: chosen, start }: MethodResult): Effect<NonNullable<Measures['kernel']>> => {
    const [{ x, y }] = kernel
    const gram = (p: nn.Params, inputs: Tensor, m: nn.Weights): Tensor =>
      ntk.empiricalNtk(network.apply, { outputs: 'mean' })(p, inputs, inputs, m)
    const ones = wholeMask(params)
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
        attempt(() => ({
          eigenvalues: getOrThrow(ntk.spectrum(sparse.value)).values.map(rounded),
          effectiveRank: getOrThrow(ntk.effectiveRank(sparse.value)),
          labelAlignment: getOrThrow(ntk.labelAlignment(sparse.value, oneHot(y, classes))),
          denseAlignment: getOrThrow(ntk.alignment(sparse.value, dense.value))
        }))
      )
    )
  }

/** Kept and all weights of each layer; without a mask, all are kept. */
const countsOf = (params: Concrete<nn.Params>, chosen: Mask | undefined): Measures['layers'] =>
  chosen === undefined
    ? params.flatMap(({ w }) => (w === undefined ? [] : [{ kept: w.data.length, total: w.data.length }]))
    : mask.countKept(chosen)

/** Kept first-layer weights of each input, summed over the layer's outputs; weights are [inputs, outputs]. */
const pixelsOf = (chosen: Mask | undefined): Pick<Measures, 'pixels'> => {
  const first = chosen?.find(({ w }) => w !== undefined)?.w
  if (first?.shape.length !== 2) return {}
  const [inputs = 0, outputs = 0] = first.shape
  return {
    pixels: Array.from({ length: inputs }, (_, input) =>
      Array.from(first.data.subarray(input * outputs, (input + 1) * outputs)).reduce(
        (kept, one) => kept + one
      )
    )
  }
}

/** What the shapes and the mask alone say. */
export const countedOf = (
  network: nn.Network,
  params: Concrete<nn.Params>,
  inputShape: readonly number[],
  chosen: Mask | undefined
): Measures => ({
  layers: countsOf(params, chosen),
  cost: mask.cost(network, inputShape)(params, chosen ?? []),
  ...pixelsOf(chosen)
})

/** What a training recorded at the parts of it that are nearest to those of another; both recorded their ends. */
const atPartsOf = (recorded: train.Trajectory, other: train.Trajectory): train.Trajectory => {
  const [end, otherEnd] = [recorded, other].map((all) => all.at(-1)!.step)
  return other.map(({ step }) => {
    const apart = (one: train.Recorded): number => Math.abs(one.step * otherEnd! - step * end!)
    return recorded.reduce((nearest, one) => (apart(one) < apart(nearest) ? one : nearest))
  })
}

/** How far a training is from the dense one, at equal parts of them. */
const dynamicsOf = (
  { recorded, losses }: train.FitResult,
  epochs: number,
  dense: train.Trajectory
): Effect<Pick<Measures, 'epochs' | 'trajectory'>> =>
  pipe(
    RTE.fromEither(
      attempt(() => {
        const compared = atPartsOf(recorded, dense)
        const distances = train.distances(
          compared.map(({ outputs }, i) => ({ step: dense[i]!.step, outputs })),
          dense
        )
        return {
          epochs: compared.map(({ step }) => (step * epochs) / losses.length),
          trajectory: distances.map(rounded)
        }
      })
    )
  )

/** What is measured of a method at its start, and of its training beside the dense one where there is one to follow. */
export const measuredOf = (
  input: MeasureInput,
  attacked: attack.Attack,
  chosen: MethodResult,
  fitted: train.FitResult,
  dense: train.Trajectory | undefined
): Effect<Omit<Measures, 'layers' | 'cost'>> =>
  pipe(
    RTE.Do,
    RTE.bind('kernel', () => kernelOf(input)(chosen)),
    RTE.bind('distance', () =>
      chosen.mask === undefined && chosen.start === input.params
        ? RTE.of({})
        : pipe(
            distanceTo(input, attacked)(chosen.mask ?? wholeMask(input.params), chosen.start),
            RTE.map((distance) => ({ distance }))
          )
    ),
    RTE.bind('dynamics', () => (dense === undefined ? RTE.of({}) : dynamicsOf(fitted, chosen.epochs, dense))),
    RTE.map(({ kernel, distance, dynamics }) => ({
      kernel,
      ...(chosen.search && { search: chosen.search }),
      ...distance,
      ...dynamics
    }))
  )
