import type { Draw, Frame, View } from '../frame/lesson.js'
import { chart, dot, element, keyed, label, line, linearAxis, logAxis, showNumber } from '../frame/plots.js'
import { drawnPoints, type Sketch, sketchHandles } from '../frame/sketch.js'
import { DRAWN, type State, WIDTHS } from './lesson.js'
import { type Draws, drawsOf, errorOf, LIMIT, lineThrough, type Sample } from './model.js'

const [SAMPLE, FIT, YOURS] = ['var(--c1)', 'var(--c4)', 'var(--c5)'] as const

/** The values that the histogram shows, in so many bins; what lies beyond is in the outer ones. */
const [FROM, TO, BINS] = [0, 2, 40] as const

const histogram = ({ width, values }: Sample): View => {
  const counts = new Array<number>(BINS).fill(0)
  for (const value of values) {
    const bin = Math.floor(((value - FROM) / (TO - FROM)) * BINS)
    counts[Math.min(BINS - 1, Math.max(0, bin))]! += 1
  }
  const most = Math.max(...counts)
  return chart({
    title: `Θ(x, x′) of ${values.length} networks of width ${width}`,
    describe: `From ${showNumber(Math.min(...values))} to ${showNumber(Math.max(...values))}, about the limit ${showNumber(LIMIT)}.`,
    x: linearAxis({ domain: [FROM, TO], label: 'Θ(x, x′)', wanted: 4 }),
    y: linearAxis({ domain: [0, most * 1.15], label: '', wanted: 4, whole: true }),
    marks: [
      ({ x, y }) =>
        element(
          'g',
          { 'data-key': `width-${width}` },
          ...counts.flatMap((count, bin) => {
            const start = FROM + (bin / BINS) * (TO - FROM)
            const end = FROM + ((bin + 1) / BINS) * (TO - FROM)
            return count === 0
              ? []
              : [
                  element('rect', {
                    x: x(start),
                    width: x(end) - x(start) - 0.5,
                    y: y(count),
                    height: y(0) - y(count),
                    fill: SAMPLE
                  })
                ]
          })
        ),
      line([[LIMIT, 0], [LIMIT, most * 1.05]], 'var(--ink)', { width: 1.5, dash: '4 3' }), // prettier-ignore
      label([LIMIT, most * 1.15], `limit ${showNumber(LIMIT)}`, { dy: 10 })
    ]
  })
}

const ENDS = [WIDTHS[0], WIDTHS.at(-1)!] as const

/** Widths, and distances from the limit. */
const axes = {
  x: logAxis({ domain: [6, 700], label: 'width', wanted: 3 }),
  y: logAxis({ domain: [10 ** DRAWN.min, 10 ** DRAWN.max], label: '', wanted: 3 })
}

/** The line that the reader draws, by its ends. */
const yours: Sketch = {
  control: 'drawn',
  bounds: DRAWN,
  points: ENDS.map((x) => ({ label: `width ${x}`, x, colour: YOURS }))
}

const slopeOf = ([from = 0, to = 0]: readonly number[]): number => (to - from) / Math.log10(ENDS[1] / ENDS[0])

const sketch: Draw<State> = ({ drawn }) => {
  const slope = slopeOf(drawn)
  return {
    views: [
      chart({
        title: 'Drag both ends of the line',
        describe: drawnPoints(yours, drawn)
          .map(([at, value]) => `At width ${at} you expect ${showNumber(value)}`)
          .join('; '),
        ...axes,
        marks: [line(drawnPoints(yours, drawn), YOURS, { dash: '6 4' })],
        handles: sketchHandles(yours, drawn)
      })
    ],
    facts: [{ name: 'slope', label: 'slope of your line', value: Number(slope.toFixed(3)) }],
    say: `Your line has the slope ${showNumber(Number(slope.toFixed(2)))}.`,
    executed: 'you; nothing is calculated here'
  }
}

const errors = (samples: readonly Sample[], { width, drawn }: State): View => {
  const { slope, start } = lineThrough(samples)
  const fit = samples.length < 2 ? [] : ENDS.map((at) => [at, start * at ** slope] as const)
  return chart({
    title: 'Root mean square distance from the limit, by width',
    describe: samples.map((one) => `Width ${one.width}: ${showNumber(errorOf(one))}`).join('; '),
    ...axes,
    marks: [
      keyed(
        'yours',
        'the line that you drew',
        line(drawnPoints(yours, drawn), YOURS, { width: 1.5, dash: '6 4' })
      ),
      line(fit, FIT, { width: 1.5 }),
      ...samples.map((one) =>
        keyed(
          `width-${one.width}`,
          `width ${one.width}: ${showNumber(errorOf(one))}`,
          dot([one.width, errorOf(one)], SAMPLE, { radius: one.width === width ? 7 : 4 })
        )
      )
    ],
    legend: [
      ...(fit.length === 0 ? [] : [{ name: `slope ${showNumber(Number(slope.toFixed(3)))}`, colour: FIT }]),
      { name: 'your line', colour: YOURS, key: 'yours' }
    ]
  })
}

const frameOf = ({ samples, progress, executed }: Draws, state: State): Frame => {
  const { width } = state
  const chosen = samples[0]!
  const mean = chosen.values.reduce((sum, one) => sum + one, 0) / chosen.values.length
  const spread = errorOf(chosen)
  const slope =
    samples.length < 2 ? [] : [{ name: 'slope', label: 'slope', value: lineThrough(samples).slope }]
  return {
    views: [histogram(chosen), errors(samples, state)],
    facts: [
      { name: 'limit', label: 'limit', value: LIMIT, text: LIMIT.toFixed(4) },
      { name: 'mean', label: `mean at width ${width}`, value: mean },
      { name: 'spread', label: 'distance from the limit', value: spread, key: `width-${width}` },
      ...slope
    ],
    say: `At width ${width} the distance from the limit is ${showNumber(spread)}.`,
    executed,
    progress
  }
}

async function* frames(state: State): AsyncGenerator<Frame> {
  for await (const found of drawsOf(state)) yield frameOf(found, state)
}

const draws: Draw<State> = (state) => frames(state)

export const figures = { sketch, draws }
