import { checkOptions, option, type OptionKinds } from '../../core/options.js'
import * as E from 'fp-ts/lib/Either.js'
import { entry } from '../../core/entry.js'
import { tangentError, type TangentError } from '../../core/error.js'
import { element } from '../markup.js'
import { extentOf, linearAxis, logAxis } from './axis.js'
import { colourOf } from './palette.js'
import { figure, layOut } from './drawing.js'
import { dot, line, type Mark } from './mark.js'

/** One quantity over time: what was predicted of it, and what a real run showed. */
export interface Compared {
  /** Its name in the legend. */
  readonly name: string
  /** The points of the line. */
  readonly predicted: readonly {
    /** The time. */
    readonly time: number
    /** The predicted value. */
    readonly value: number
  }[]
  /** The points that are drawn as dots. @defaultValue none */
  readonly measured?: readonly {
    /** The time. */
    readonly time: number
    /** The measured value. */
    readonly value: number
  }[]
}

/** How trajectories are drawn. */
export interface TrajectoryOptions {
  /** @defaultValue 'predicted and measured' */
  readonly title?: string
  /**
   * What is measured, with its unit.
   *
   * @defaultValue 'output'
   */
  readonly up?: string
  /**
   * The unit of time.
   *
   * @defaultValue 'steps'
   */
  readonly across?: string
  /**
   * How time is spaced: `linear`, or `log`, for modes that are learnt at very different times.
   *
   * @defaultValue 'linear'
   */
  readonly time?: 'linear' | 'log'
}

const kinds: OptionKinds<TrajectoryOptions> = {
  title: option.text,
  up: option.text,
  across: option.text,
  time: option.word('linear', 'log')
}

/** What lines and dots mean, at the top right. */
const key: Mark = ({ right, top }) =>
  element('text', { x: right, y: top - 14, 'text-anchor': 'end' }, 'lines predicted, dots measured')

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
export const trajectories = entry(
  'plot.trajectories',
  'Either',
  1,
  (series: readonly Compared[], options: TrajectoryOptions = {}): E.Either<TangentError, string> => {
    checkOptions('plot.trajectories', kinds, options)
    const { title = 'predicted and measured', up = 'output', across = 'steps', time = 'linear' } = options
    const visible = (points: Compared['predicted']) =>
      points
        .filter((point) => time === 'linear' || point.time > 0)
        .map((point) => [point.time, point.value] as const)
    const shown = series.map(({ name, predicted, measured = [] }, i) => ({
      name,
      colour: colourOf(i),
      predicted: visible(predicted),
      measured: visible(measured)
    }))
    const points = shown.flatMap(({ predicted, measured }) => [...predicted, ...measured])
    if (points.length === 0)
      return E.left(tangentError('ArgumentError', 'plot.trajectories', 'something to draw', 'no points'))
    if (!points.flat().every(Number.isFinite))
      return E.left(
        tangentError('DataError', 'plot.trajectories', 'finite times and values', 'NaN or an infinity')
      )
    const times = extentOf(points.map(([at]) => at))
    const values = extentOf(
      points.map(([, value]) => value),
      0.04
    )
    return E.right(
      figure(
        layOut({
          title,
          x: (time === 'log' ? logAxis : linearAxis)({ domain: times, label: across, wanted: 8 }),
          y: linearAxis({ domain: values, label: up }),
          marks: [
            ...shown.flatMap(({ predicted, measured, colour }) => [
              line(predicted, colour),
              ...measured.map((at) => dot(at, colour, { radius: 3.5 }))
            ]),
            ...(shown.some(({ measured }) => measured.length > 0) ? [key] : [])
          ],
          legend: shown.map(({ name, colour, predicted, measured }) => ({
            name,
            colour,
            value: (predicted.at(-1) ?? measured.at(-1))?.[1] ?? values[0]
          }))
        })
      )
    )
  }
)
