import type { Markup } from '../markup.js'
import type { Summary } from '../estimate.js'
import { extentOf, linear, linearAxis, logAxis, type Tick } from './axis.js'
import { layOut, picture } from './drawing.js'
import { aside, band, dot, line, type Mark, whisker } from './mark.js'

/** A line through summaries; its name is at its right end, in its colour. */
export interface SummaryLine {
  readonly name: string
  /** A CSS colour. */
  readonly colour: string
  readonly points: readonly { readonly x: number; readonly summary: Summary }[]
}

/** Lines over one axis. */
export interface Lines {
  readonly title: string
  /** What the horizontal axis measures. */
  readonly across: string
  readonly lines: readonly SummaryLine[]
}

/** Lines over a logarithmic axis, beside a level that all are compared with. */
export interface WhiskerLines extends Lines {
  /** What the vertical axis measures. */
  readonly up: string
  /** The places on the horizontal axis at which something was measured. */
  readonly ticks: readonly Tick[]
  /** A dashed line from side to side, with a band of one standard deviation. */
  readonly level?: { readonly name: string; readonly colour: string; readonly summary: Summary } | undefined
}

const meanOf = ({ points }: SummaryLine) => points.map(({ x, summary }) => [x, summary.mean] as const)

const endOf = (one: SummaryLine) => ({
  name: one.name,
  colour: one.colour,
  value: one.points.at(-1)?.summary.mean ?? 0
})

/** Lines from zero up, with a band of one standard deviation where there are several seeds. */
export const linePlot = ({ title, across, lines }: Lines): Markup => {
  const points = lines.flatMap((one) => one.points)
  const highest = Math.max(...points.map(({ summary: { mean, sd = 0 } }) => mean + sd))
  const top = Number.isFinite(highest) && highest > 0 ? highest * 1.04 : 1
  return picture(
    layOut({
      title,
      x: linearAxis({ domain: extentOf(points.map(({ x }) => x)), label: across, wanted: 6 }),
      y: linearAxis({ domain: [0, top], label: '' }),
      marks: lines.flatMap((one) => [
        band(
          one.points.map(({ x, summary: { mean, sd = 0 } }) => [x, Math.max(0, mean - sd)] as const),
          one.points.map(({ x, summary: { mean, sd = 0 } }) => [x, mean + sd] as const),
          one.colour
        ),
        line(meanOf(one), one.colour)
      ]),
      legend: lines.map(endOf)
    })
  )
}

/** Pixels between methods at one place, so that whiskers do not hide whiskers. */
const APART = 5

/**
 * Lines over a logarithmic axis, with a whisker of one standard deviation at each point. Positions carry the values, so the
 * vertical axis need not start at zero.
 */
export const whiskerPlot = ({ title, across, up, ticks, lines, level }: WhiskerLines): Markup => {
  const points = lines.flatMap((one) => one.points)
  const summaries = [...points.map(({ summary }) => summary), ...(level === undefined ? [] : [level.summary])]
  const places = extentOf(ticks.map(({ value }) => value))
  const x = logAxis({ domain: places, label: across, inset: 30 })
  const heights = summaries.flatMap(({ mean, sd = 0 }) => [mean - sd, mean + sd])
  return picture(
    layOut({
      title,
      x: (pixels) => ({ ...x(pixels), ticks }),
      y: linearAxis({ domain: extentOf(heights, 0.06), label: up }),
      marks: [
        ...(level === undefined ? [] : levelMarks(level)),
        ...lines.flatMap((one, i) =>
          [
            line(meanOf(one), one.colour, { width: 1.5, opacity: 0.6 }),
            ...one.points.flatMap(({ x: place, summary: { mean, sd = 0 } }) => [
              whisker([place, mean - sd], [place, mean + sd], one.colour),
              dot([place, mean], one.colour)
            ])
          ].map((mark) => aside((i - (lines.length - 1) / 2) * APART, mark))
        )
      ],
      legend: [...(level === undefined ? [] : [{ ...level, value: level.summary.mean }]), ...lines.map(endOf)]
    })
  )
}

/** A level from side to side: its marks lie at shares of the width, whatever the horizontal axis measures. */
const levelMarks = ({ colour, summary: { mean, sd = 0 } }: NonNullable<WhiskerLines['level']>) => {
  const across = (height: number) => [[0, height] as const, [1, height] as const]
  return [
    band(across(mean - sd), across(mean + sd), colour),
    line(across(mean), colour, { dash: '6 4' })
  ].map(
    (mark): Mark =>
      (canvas) =>
        mark({ ...canvas, x: linear(0, 1, canvas.left, canvas.right) })
  )
}
