import * as E from 'fp-ts/lib/Either.js'
import { tangentError, type TangentError } from '../core/error.js'
import { axes, linearAxis, logAxis } from './axes.js'
import { colourOf } from './colours.js'
import { figure } from './figure.js'
import { spread } from './lines.js'
import { element, group } from './svg.js'

/** One quantity over time: what was predicted of it, and what a real run showed. */
export interface Compared {
  readonly name: string
  readonly predicted: readonly { readonly time: number; readonly value: number }[]
  readonly measured?: readonly { readonly time: number; readonly value: number }[]
}

/** What stands around the trajectories. */
export interface TrajectoryOptions {
  /** `predicted and measured` unless given. */
  readonly title?: string
  /** What is measured, with its unit; `output` unless given. */
  readonly up?: string
  /** The unit of time; `steps` unless given. */
  readonly across?: string
  /** How time is spaced: `linear`, or `log`, for modes that are learnt at very different times. `linear` unless given. */
  readonly time?: 'linear' | 'log'
}

const FRAME = { left: 64, right: 560, top: 68, bottom: 348 }

/**
 * Predicted trajectories as lines and measured ones as dots, over time: a self-contained SVG. On a logarithmic axis
 * times of 0 are left out. Nothing to draw is an ArgumentError, a NaN or infinity a DataError.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { plot } from 'tangentflow'
 *
 * const predicted = [{ time: 0, value: 0.5 }, { time: 1, value: 0.83 }, { time: 10, value: 0.96 }]
 * const measured = [{ time: 1, value: 0.82 }]
 * const svg = plot.trajectories([{ name: 'f(x)', predicted, measured }], { title: 'one example' })
 * assert.ok(E.isRight(svg) && svg.right.includes('<polyline'))
 */
export const trajectories = (
  series: readonly Compared[],
  {
    title = 'predicted and measured',
    up = 'output',
    across = 'steps',
    time = 'linear'
  }: TrajectoryOptions = {}
): E.Either<TangentError, string> => {
  const visible = (points: Compared['predicted']): Compared['predicted'] =>
    time === 'log' ? points.filter((point) => point.time > 0) : points
  const shown = series.map(({ name, predicted, measured = [] }) => ({
    name,
    predicted: visible(predicted),
    measured: visible(measured)
  }))
  const points = shown.flatMap(({ predicted, measured }) => [...predicted, ...measured])
  if (points.length === 0) {
    return E.left(tangentError('ArgumentError', 'plot.trajectories', 'something to draw', 'no points'))
  }
  if (!points.every((point) => Number.isFinite(point.time) && Number.isFinite(point.value))) {
    return E.left(
      tangentError('DataError', 'plot.trajectories', 'finite times and values', 'NaN or an infinity')
    )
  }
  const range = (values: readonly number[]): readonly [number, number] => {
    const [least, most] = [Math.min(...values), Math.max(...values)]
    return least === most ? [least, most + (Math.abs(most) || 1)] : [least, most]
  }
  const [low, high] = range(points.map(({ value }) => value))
  const margin = (high - low) * 0.04
  const y = linearAxis([low - margin, high + margin], [FRAME.bottom, FRAME.top], 5, up)
  const x = (time === 'log' ? logAxis : linearAxis)(
    range(points.map((point) => point.time)),
    [FRAME.left, FRAME.right],
    8,
    across
  )
  const names = spread(
    shown.map(({ predicted, measured }) => y.scale((predicted.at(-1) ?? measured.at(-1))?.value ?? low)),
    FRAME.bottom
  )
  const compared = shown.some(({ measured }) => measured.length > 0)
  return E.right(
    figure(
      FRAME.right + 150,
      FRAME.bottom + 58,
      title,
      axes(x, y, FRAME),
      ...shown.map(({ predicted, measured }, i) =>
        group(
          element('polyline', {
            points: predicted
              .map((point) => `${x.scale(point.time).toFixed(1)},${y.scale(point.value).toFixed(1)}`)
              .join(' '),
            fill: 'none',
            stroke: colourOf(i),
            'stroke-width': 2,
            'stroke-linejoin': 'round'
          }),
          ...measured.map((point) =>
            element('circle', {
              cx: x.scale(point.time),
              cy: y.scale(point.value),
              r: 3.5,
              fill: colourOf(i)
            })
          )
        )
      ),
      ...shown.map(({ name }, i) =>
        element('text', { class: 'name', x: FRAME.right + 10, y: names[i]! + 4, fill: colourOf(i) }, name)
      ),
      ...(compared
        ? [
            element(
              'text',
              { x: FRAME.right, y: FRAME.top - 14, 'text-anchor': 'end' },
              'lines predicted, dots measured'
            )
          ]
        : [])
    )
  )
}
