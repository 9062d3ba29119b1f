import type * as E from 'fp-ts/lib/Either.js'
import { mean } from '../../lib/core/mean.js'
import type { ExperimentRecord } from '../../lib/experiment/experiment-record.js'
import { plot, type TangentError } from '../../lib/index.js'
import { estimate } from '../../lib/report/estimate.js'
import {
  dynamics,
  type Group,
  groupsOf,
  kernelDistance,
  robustPercent,
  valuesOf
} from '../../lib/report/group.js'

// The pictures of docs/ that are drawn from the records of experiments.

/** A picture as the text of an SVG, from a record. */
type Draw = (record: ExperimentRecord) => E.Either<TangentError, string>

/** How far from the dense network masks train, against how far their kernels are from its kernel. */
const kernelAndDynamics: Draw = (record) => {
  const groups = groupsOf(record)
  const series = groups
    .filter(({ role }) => role === 'masked')
    .map((group): plot.Series => {
      const heights = valuesOf(group, dynamics)
      const points = valuesOf(group, kernelDistance).map((x, i) => ({ x, y: heights[i]! }))
      return { name: group.method, points, draw: 'dots' }
    })
  const across = series.flatMap(({ points }) => points.map(({ x }) => x))
  const floor = (name: string, method: string): plot.Series => {
    const heights = groups
      .filter((group) => group.method === method)
      .flatMap((group) => valuesOf(group, dynamics))
    const y = mean(heights)
    return { name, points: [Math.min(...across), Math.max(...across)].map((x) => ({ x, y })) }
  }
  return plot.lines(
    [...series, floor('another start', 'otherStart'), floor('other batches', 'otherBatches')],
    {
      title: 'a nearer kernel and a nearer training',
      across: 'distance of the kernel at the start',
      up: 'distance of the training',
      x: 'log',
      y: 'log'
    }
  )
}

/** Robust accuracy over the share of the weights kept, a line for each method, and the dense network's in a band of its 95 % interval. */
const density =
  (title: string): Draw =>
  (record) => {
    const groups = groupsOf(record)
    const masked = groups.filter(({ role }) => role === 'masked')
    const densities = masked.map((group) => 100 * group.density)
    const heightOf = (group: Group) => estimate(valuesOf(group, robustPercent))
    const dense = groups
      .filter(({ role }) => role === 'dense')
      .map((group): plot.Series => {
        const { mean: y, interval } = heightOf(group)
        const ends = [Math.min(...densities), Math.max(...densities)]
        return { name: group.method, points: ends.map((x) => ({ x, y, ...interval })) }
      })
    const series = [...new Set(masked.map(({ method }) => method))].map((name): plot.Series => {
      const points = masked
        .filter(({ method }) => method === name)
        .map((group) => ({ x: 100 * group.density, y: heightOf(group).mean }))
      return { name, points: points.toReversed() }
    })
    return plot.lines([...dense, ...series], {
      title,
      across: 'weights kept, %',
      up: 'robust accuracy, %',
      x: 'log'
    })
  }

/** Picture of docs/ → the record in bench/results, and how it is drawn from it. */
export const pictures: Readonly<Record<string, readonly [record: string, draw: Draw]>> = {
  'kernel-dynamics.svg': ['digits-flow-512.json', kernelAndDynamics],
  'density-digits-64.svg': ['digits-plane-64.json', density('digits, 64-64-64-10, 240 epochs')],
  'density-digits-256.svg': ['digits-plane-256.json', density('digits, 64-256-256-10, 240 epochs')],
  'density-mnist-lenet.svg': ['mnist-lenet-curve.json', density('MNIST, LeNet-300-100, 20 epochs')]
}
