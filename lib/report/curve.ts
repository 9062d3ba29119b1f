import * as E from 'fp-ts/lib/Either.js'
import type { ExperimentRun } from '../experiment/experiment-record.js'
import { deviation, type Estimate, estimateCurves } from './estimate.js'
import { type Group, type Level, percentOf } from './group.js'
import type { Markup } from './markup.js'
import { extentOf, linearAxis, showNumber } from './plot/axis.js'
import { layOut, picture } from './plot/drawing.js'
import { band, hints, line } from './plot/mark.js'
import type { Paint } from './plot/palette.js'
import { drawSpectrum } from './plot/spectrum.js'

/** A curve of a run: where its points lie, and their heights. */
export interface Curve {
  readonly xs: readonly number[]
  readonly ys: readonly number[]
}

/**
 * A line for each group that has curves, from zero up: their means over the seeds, as far as all of them go, with a band of one
 * standard deviation where there are several seeds. Heights that are no numbers, as of runs that diverged, are left out.
 */
export const curvesOf = (
  title: string,
  across: string,
  groups: readonly Group[],
  colour: Paint,
  of: (run: ExperimentRun) => Curve | undefined
): readonly Markup[] => {
  const lines = groups.flatMap(({ method, runs }) => {
    const curves = runs.flatMap((run) => of(run) ?? []).filter(({ ys }) => ys.length > 0)
    const [first] = curves
    const points =
      first === undefined ? [] : estimateCurves(curves.map(({ ys }) => ys)).slice(0, first.xs.length)
    const at = (height: (one: Estimate) => number) =>
      points.flatMap((one, i) =>
        Number.isFinite(deviation(one)[1]) ? [[first!.xs[i]!, height(one)] as const] : []
      )
    return at(() => 0).length === 0 ? [] : [{ name: method, colour: colour(method), points, at }]
  })
  if (lines.length === 0) return []
  const heights = lines.flatMap(({ at }) => at((one) => deviation(one)[1]).map(([, y]) => y))
  const highest = Math.max(0, ...heights)
  const top = highest > 0 ? highest * 1.04 : 1
  const xs = lines.flatMap(({ at }) => at(() => 0).map(([x]) => x))
  return [
    picture(
      layOut({
        title,
        x: linearAxis({ domain: extentOf(xs), label: across, wanted: 6, whole: xs.every(Number.isInteger) }),
        y: linearAxis({ domain: [0, top], label: '' }),
        marks: lines.flatMap(({ name, at, colour }) => [
          band(
            at((one) => Math.max(0, deviation(one)[0])),
            at((one) => deviation(one)[1]),
            colour
          ),
          line(
            at(({ mean }) => mean),
            colour
          ),
          ...hints(
            at(({ mean }) => mean),
            ([x, y]) => `${name}, ${across} ${showNumber(x)}: ${showNumber(y)}`
          )
        ]),
        legend: lines.map(({ name, colour, points }) => ({ name, colour, value: points.at(-1)!.mean }))
      })
    )
  ]
}

/** Eigenvalues of each method's kernel beside the dense one's, each the mean over the seeds of those of its place. */
export const spectrumPlot = (level: Level, colour: Paint): readonly Markup[] => {
  const spectra = level.all.flatMap(({ method, runs }) => {
    const lists = runs.flatMap(({ measures }) =>
      measures?.kernel === undefined ? [] : [measures.kernel.eigenvalues]
    )
    return lists.length === 0
      ? []
      : [{ name: method, colour: colour(method), values: estimateCurves(lists).map(({ mean }) => mean) }]
  })
  const title = `eigenvalues at ${percentOf(level.density)} of the weights`
  const drawn = drawSpectrum(spectra, { title, modes: 'log' })
  return E.isLeft(drawn) ? [] : [picture(drawn.right)]
}
