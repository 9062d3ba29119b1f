import * as E from 'fp-ts/lib/Either.js'
import type { ExperimentRecord, ExperimentRun } from '../experiment/record.js'
import type { Markup } from './markup.js'
import { picture } from './plot/drawing.js'
import { linePlot, whiskerPlot } from './plot/lines.js'
import { dotPlot, scatterPlot } from './plot/points.js'
import { drawSpectrum } from './plot/spectrum.js'
import { percent, summarise, summariseCurves } from './estimate.js'
import {
  besideDense,
  type Group,
  type Level,
  type Measure,
  percentOf,
  robustPercent,
  valuesOf
} from './group.js'
import { type Related, relatedOf, type Relation } from './relations.js'

/** The colour of a method. */
export type Paint = (method: string) => string

/** A curve of a run: where its points lie, and their heights. */
export interface Curve {
  readonly xs: readonly number[]
  readonly ys: readonly number[]
}

/** A line for each group that has curves: their means and deviations over the seeds, as far as all of them go. */
export const curvesOf = (
  title: string,
  across: string,
  groups: readonly Group[],
  colour: Paint,
  of: (run: ExperimentRun) => Curve | undefined
): readonly Markup[] => {
  const lines = groups.flatMap(({ method, runs }) => {
    const curves = runs.flatMap((run) => {
      const curve = of(run)
      return curve === undefined || curve.ys.length === 0 ? [] : [curve]
    })
    const xs = curves[0]?.xs ?? []
    const points = curves.length === 0 ? [] : summariseCurves(curves.map(({ ys }) => ys)).slice(0, xs.length)
    return points.length === 0
      ? []
      : [
          {
            name: method,
            colour: colour(method),
            points: points.map((summary, i) => ({ x: xs[i]!, summary }))
          }
        ]
  })
  return lines.length === 0 ? [] : [linePlot({ title, across, lines })]
}

const cleanPercent: Measure = ({ robustness }) => 100 * robustness.clean

/** Clean and robust accuracy of each method, where there is one density and so nothing to draw a line through. */
const accuracyDots = (level: Level, colour: Paint): Markup =>
  dotPlot(
    'clean and robust accuracy of each method',
    besideDense(level).map(({ method, runs }) => ({
      name: method,
      colour: colour(method),
      clean: percent(runs.map(({ robustness }) => robustness.clean)),
      robust: percent(runs.map(({ robustness }) => robustness.robust))
    }))
  )

const accuracyLines = (
  levels: readonly Level[],
  colour: Paint,
  [title, of]: readonly [title: string, of: Measure]
): Markup => {
  const methods = [...new Set(levels.flatMap(({ masked }) => masked.map(({ method }) => method)))]
  const dense = levels[0]?.dense
  return whiskerPlot({
    title,
    across: 'weights kept',
    up: `${title}, %`,
    ticks: levels.map(({ density }) => ({ value: density, text: percentOf(density) })),
    level: dense && {
      name: 'dense',
      colour: colour('dense'),
      summary: summarise(valuesOf(dense, of))
    },
    lines: methods.map((method) => ({
      name: method,
      colour: colour(method),
      points: levels
        .flatMap(({ masked }) => masked.filter((group) => group.method === method))
        .map((group) => ({ x: group.density, summary: summarise(valuesOf(group, of)) }))
        .sort((a, b) => a.x - b.x)
    }))
  })
}

/** Accuracy against density, robust and clean. */
export const accuracyPlots = (levels: readonly Level[], colour: Paint): readonly Markup[] =>
  levels.length < 2
    ? levels.map((level) => accuracyDots(level, colour))
    : [
        accuracyLines(levels, colour, ['robust accuracy', robustPercent]),
        accuracyLines(levels, colour, ['clean accuracy', cleanPercent])
      ]

/** Every run as a point: colours for methods, shapes for densities. */
export const relationPlot = (
  record: ExperimentRecord,
  relation: Relation,
  colour: Paint
): readonly Markup[] => {
  const related = relatedOf(record.runs, relation)
  const several = <A>(of: (one: Related) => A): readonly A[] => [...new Set(related.map(of))]
  const densities = [...several(({ density }) => density)].sort((a, b) => b - a)
  return related.length < 2
    ? []
    : [
        scatterPlot({
          title: `${relation.up} against ${relation.across}`,
          across: relation.across,
          up: relation.up,
          points: related.map(({ x, y, method, density }) => ({
            x,
            y,
            colour: colour(method),
            shape: densities.indexOf(density)
          })),
          colours: several(({ method }) => method).map((name) => ({ name, colour: colour(name) })),
          shapes: densities.map(percentOf)
        })
      ]
}

/** Eigenvalues of each method's kernel beside the dense one's, each the mean over the seeds of those of its place. */
export const spectrumPlot = (level: Level, colour: Paint): readonly Markup[] => {
  const spectra = besideDense(level).flatMap(({ method, runs }) => {
    const lists = runs.flatMap(({ measures }) =>
      measures?.kernel === undefined ? [] : [measures.kernel.eigenvalues]
    )
    return lists.length === 0
      ? []
      : [{ name: method, colour: colour(method), values: summariseCurves(lists).map(({ mean }) => mean) }]
  })
  const title = `eigenvalues at ${percentOf(level.density)} of the weights`
  const drawn = drawSpectrum(spectra, { title, modes: 'log' })
  return E.isLeft(drawn) ? [] : [picture(drawn.right)]
}
