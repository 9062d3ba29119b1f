import { show, type Summary } from './statistics.js'
import { element, group, linear, type Markup, picture, ticks } from './svg.js'

/** One row of the accuracy plot. */
export interface Dots {
  readonly name: string
  readonly colour: string
  readonly clean: Summary
  readonly robust: Summary
}

const WIDTH = 720
const LEFT = 130
const RIGHT = 520
const ROW = 34
const TOP = 26

/**
 * Accuracies in per cent, a row for each method: a full mark under attack, an open one on the images as they are, with
 * whiskers of one standard deviation. Positions carry the values, so the axis need not start at zero.
 */
export const dotPlot = (title: string, rows: readonly Dots[]): Markup => {
  const bottom = TOP + rows.length * ROW
  const least = Math.min(
    ...rows.map(({ robust, clean }) => Math.min(robust.mean - (robust.sd ?? 0), clean.mean))
  )
  const from = Math.max(0, Math.floor(least / 5) * 5)
  const x = linear(from, 100, LEFT, RIGHT)
  const whisker = ({ mean, sd = 0 }: Summary, y: number, colour: string): Markup =>
    element('line', {
      x1: x(mean - sd),
      x2: x(Math.min(100, mean + sd)),
      y1: y,
      y2: y,
      stroke: colour,
      'stroke-width': 2
    })
  return picture(
    WIDTH,
    bottom + 40,
    title,
    element('text', { x: RIGHT + 20, y: TOP - 10 }, 'robust'),
    element('text', { x: RIGHT + 112, y: TOP - 10 }, 'clean'),
    ...ticks(from, 100, 6).map((tick) =>
      group(
        element('line', { class: 'grid', x1: x(tick), x2: x(tick), y1: TOP, y2: bottom }),
        element('text', { x: x(tick), y: bottom + 18, 'text-anchor': 'middle' }, String(tick))
      )
    ),
    ...rows.map(({ name, colour, clean, robust }, i) => {
      const y = TOP + (i + 0.5) * ROW
      return group(
        element('text', { class: 'name', x: LEFT - 14, y: y + 4, 'text-anchor': 'end', fill: colour }, name),
        element('line', { class: 'grid', x1: x(robust.mean), x2: x(clean.mean), y1: y, y2: y }),
        whisker(robust, y, colour),
        element('circle', { cx: x(robust.mean), cy: y, r: 5.5, fill: colour }),
        whisker(clean, y, colour),
        element('circle', {
          class: 'open',
          cx: x(clean.mean),
          cy: y,
          r: 5,
          stroke: colour,
          'stroke-width': 2
        }),
        element('text', { x: RIGHT + 20, y: y + 4 }, show(1, robust)),
        element('text', { x: RIGHT + 112, y: y + 4 }, show(1, clean))
      )
    }),
    element('text', { x: (LEFT + RIGHT) / 2, y: bottom + 36, 'text-anchor': 'middle' }, 'test accuracy, %')
  )
}
