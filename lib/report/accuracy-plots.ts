import { deviation, type Estimate, estimate, show } from './estimate.js'
import {
  cleanPercent,
  type Group,
  type Level,
  type Measure,
  percentOf,
  robustPercent,
  valuesOf
} from './group.js'
import { element, fragment, type Markup } from './markup.js'
import { extentOf, linear, linearAxis, logAxis } from './plot/axis.js'
import { layOut, picture } from './plot/drawing.js'
import { aside, band, dot, line, type Mark, whisker } from './plot/mark.js'
import type { Paint } from './plot/palette.js'

const accuracyOf = (group: Group, of: Measure): Estimate => estimate(valuesOf(group, of))

/** The height of a row. */
const ROW = 34
/** How far to the right of the plot the columns of numbers begin. */
const OFFSETS = { robust: 20, clean: 112 }

/** A column of numbers beside the rows. */
const numbers =
  (kind: 'robust' | 'clean', accuracies: readonly Estimate[]): Mark =>
  ({ y, right, top }) => {
    const x = right + OFFSETS[kind]
    return fragment(
      element('text', { x, y: top - 14 }, kind),
      ...accuracies.map((one, i) => element('text', { x, y: y(i) + 4 }, show(1, one)))
    )
  }

/**
 * Accuracies where there is one density, a row for each method: a full mark under attack, an open one on the images as they
 * are, with whiskers of one standard deviation. Positions carry the values, so the axis need not start at zero.
 */
const accuracyDots = ({ all }: Level, colour: Paint): Markup => {
  const rows = all.map((group) => ({
    name: group.method,
    colour: colour(group.method),
    clean: accuracyOf(group, cleanPercent),
    robust: accuracyOf(group, robustPercent)
  }))
  const least = Math.min(...rows.flatMap(({ robust, clean }) => [deviation(robust)[0], clean.mean]))
  const ends = (accuracy: Estimate, i: number, colour: string): Mark => {
    const [low, high] = deviation(accuracy)
    return whisker([low, i], [Math.min(100, high), i], colour)
  }
  const ticks = rows.map(({ name, colour }, value) => ({ value, text: name, colour }))
  return picture(
    layOut({
      title: 'clean and robust accuracy of each method',
      x: linearAxis({
        domain: [Math.max(0, Math.floor(least / 5) * 5), 100],
        label: 'test accuracy, %',
        wanted: 6
      }),
      y: (pixels) => ({ scale: linear(rows.length - 0.5, -0.5, ...pixels), ticks, label: 'method' }),
      grid: 'x',
      size: [390, rows.length * ROW],
      room: 200,
      marks: [
        ...rows.flatMap(({ colour, clean, robust }, i) => [
          whisker([robust.mean, i], [clean.mean, i], 'var(--rule)', { width: 1 }),
          ends(robust, i, colour),
          dot([robust.mean, i], colour, { radius: 5.5, text: `robust ${show(1, robust)}` }),
          ends(clean, i, colour),
          dot([clean.mean, i], colour, { radius: 5, open: true, text: `clean ${show(1, clean)}` })
        ]),
        ...(['robust', 'clean'] as const).map((kind) =>
          numbers(
            kind,
            rows.map((row) => row[kind])
          )
        )
      ]
    })
  )
}

/** A level from side to side, dashed, with a band: its marks lie at shares of the width, whatever the horizontal axis measures. */
const levelMarks = (accuracy: Estimate, colour: string): readonly Mark[] => {
  const across = (height: number) => [[0, height] as const, [1, height] as const]
  const [low, high] = deviation(accuracy)
  return [band(across(low), across(high), colour), line(across(accuracy.mean), colour, { dash: '6 4' })].map(
    (mark): Mark =>
      (area) =>
        mark({ ...area, x: linear(0, 1, area.left, area.right) })
  )
}

/** Pixels between methods at one place, so that whiskers do not hide whiskers. */
const APART = 5

/**
 * Accuracy over the density, a line for each method with a whisker of one standard deviation at each point, beside the level
 * of the dense network. Positions carry the values, so the vertical axis need not start at zero.
 */
const accuracyLines = (levels: readonly Level[], colour: Paint, title: string, of: Measure): Markup => {
  const methods = [...new Set(levels.flatMap(({ masked }) => masked.map(({ method }) => method)))]
  const lines = methods.map((name) => ({
    name,
    colour: colour(name),
    points: levels
      .flatMap(({ masked }) => masked.filter(({ method }) => method === name))
      .map((group) => ({ density: group.density, accuracy: accuracyOf(group, of) }))
      .sort((a, b) => a.density - b.density)
  }))
  const dense = levels[0]?.dense === undefined ? [] : [accuracyOf(levels[0].dense, of)]
  const ticks = levels.map(({ density }) => ({ value: density, text: percentOf(density) }))
  const x = logAxis({
    domain: extentOf(ticks.map(({ value }) => value)),
    label: 'weights kept',
    inset: 30
  })
  const heights = [...lines.flatMap(({ points }) => points.map(({ accuracy }) => accuracy)), ...dense]
  return picture(
    layOut({
      title,
      x: (pixels) => ({ ...x(pixels), ticks }),
      y: linearAxis({ domain: extentOf(heights.flatMap(deviation), 0.06), label: `${title}, %` }),
      marks: [
        ...dense.flatMap((accuracy) => levelMarks(accuracy, colour('dense'))),
        ...lines.flatMap(({ name, points, colour }, i) =>
          [
            line(
              points.map(({ density, accuracy }) => [density, accuracy.mean] as const),
              colour,
              { width: 1.5, opacity: 0.6 }
            ),
            ...points.flatMap(({ density, accuracy }) => {
              const [low, high] = deviation(accuracy)
              const text = `${name}, ${percentOf(density)}: ${show(1, accuracy)}`
              return [
                whisker([density, low], [density, high], colour),
                dot([density, accuracy.mean], colour, { text })
              ]
            })
          ].map((mark) => aside((i - (lines.length - 1) / 2) * APART, mark))
        )
      ],
      legend: [
        ...dense.map(({ mean }) => ({ name: 'dense', colour: colour('dense'), value: mean })),
        ...lines.map(({ name, colour, points }) => ({ name, colour, value: points.at(-1)!.accuracy.mean }))
      ]
    })
  )
}

/** Robust and clean accuracy: over the density, or a row for each method where there is one density. */
export const accuracyPlots = (levels: readonly Level[], colour: Paint): readonly Markup[] =>
  levels.length < 2
    ? levels.map((level) => accuracyDots(level, colour))
    : [
        accuracyLines(levels, colour, 'robust accuracy', robustPercent),
        accuracyLines(levels, colour, 'clean accuracy', cleanPercent)
      ]
