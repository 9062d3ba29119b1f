import type { Draw, Frame, View } from '../frame/lesson.js'
import {
  chart,
  colourOf,
  dot,
  keyed,
  line,
  linearAxis,
  logAxis,
  pointHandle,
  showNumber
} from '../frame/plots.js'
import { drawnPoints, type Sketch, sketchHandles } from '../frame/sketch.js'
import { DRAWN, DRAWN_STEPS, REACH, START_RATE, type State } from './lesson.js'
import { GRID, type Training, trainingOf } from './model.js'

const [NETWORK, LINEAR, CLOSED] = ['var(--c1)', 'var(--c4)', 'var(--ink)'] as const
const SUBSCRIPTS = '₁₂₃₄'

const DOMAIN = [-REACH, REACH] as const

/** The points of a curve that are in the picture; one that leaves it runs along its edge. */
const curve = (heights: ArrayLike<number>) =>
  GRID.map((x, i) => [x, Math.min(REACH, Math.max(-REACH, heights[i]!))] as const)

const fitView = ({ network, linear, closed, step }: Training, { data }: State): View => {
  const pairs = Array.from({ length: data.length / 2 }, (_, i) => [data[2 * i]!, data[2 * i + 1]!] as const)
  return chart({
    title: `The three functions after ${step} steps; drag the data`,
    describe: `At the data the network gives ${Array.from(network.data, showNumber).join(', ')}; the targets are ${pairs.map(([, y]) => showNumber(y)).join(', ')}.`,
    x: linearAxis({ domain: DOMAIN, label: 'input x', wanted: 4 }),
    y: linearAxis({ domain: DOMAIN, label: '', wanted: 4 }),
    size: [206, 206],
    marks: [
      keyed('network', 'the network', line(curve(network.grid), NETWORK, { width: 2.5 })),
      keyed(
        'linear',
        'the linearised network',
        line(curve(linear.grid), LINEAR, { width: 5, opacity: 0.45 })
      ),
      keyed('closed', 'the closed form', line(curve(closed.grid), CLOSED, { width: 1.5, dash: '4 4' }))
    ],
    legend: [
      { name: 'network', colour: NETWORK, key: 'network' },
      { name: 'linearised', colour: LINEAR, key: 'linear' },
      { name: 'closed form', colour: CLOSED, key: 'closed' }
    ],
    handles: (area) =>
      pairs.map((_, i) =>
        pointHandle(area, {
          control: 'data',
          label: String(i + 1),
          value: data,
          domain: DOMAIN,
          colour: 'var(--c5)',
          place: 2 * i
        })
      )
  })
}

/** The modes that the reader draws: the first and the last. */
const DRAWN_MODES = [0, 3] as const

const yours: Sketch = {
  control: 'drawn',
  bounds: DRAWN,
  points: DRAWN_MODES.map((mode) => ({ label: `mode ${mode + 1}`, x: DRAWN_STEPS, colour: colourOf(mode) }))
}

const sketch: Draw<State> = ({ drawn }) => {
  const ends = drawnPoints(yours, drawn)
  const [first, last] = [ends[0]![1], ends[1]![1]]
  const times = Math.log(first) / Math.log(last)
  return {
    views: [
      chart({
        title: `The share of each residual that is left, over ${DRAWN_STEPS} steps`,
        describe: `You expect that ${showNumber(first)} of mode 1 is left, and ${showNumber(last)} of mode 4.`,
        x: linearAxis({ domain: [0, DRAWN_STEPS], label: 'steps', wanted: 4 }),
        y: logAxis({ domain: [10 ** DRAWN.min, 10 ** DRAWN.max], label: '', wanted: 4 }),
        marks: ends.map(
          (end, i) =>
          line([[0, 1], end], yours.points[i]!.colour, { width: 1.5, dash: '6 4' }) // prettier-ignore
        ),
        room: 60,
        handles: sketchHandles(yours, drawn)
      })
    ],
    facts: [
      { name: 'drawnFirst', label: 'you expect of mode 1', value: first },
      { name: 'drawnLast', label: 'of mode 4', value: last },
      ...(Number.isFinite(times) ? [{ name: 'times', label: 'mode 1 is faster, times', value: times }] : [])
    ],
    say: `You expect ${showNumber(first)} of mode 1 and ${showNumber(last)} of mode 4.`,
    executed: 'you; nothing is calculated here'
  }
}

const [LEAST, MOST] = [1e-4, 1e2] as const

/** The drawn lines in the picture of the residuals, each from where its mode starts until it leaves the picture. */
const drawnLines = ({ predicted, steps }: Training, { drawn }: State) =>
  DRAWN_MODES.map((mode, place) => {
    const start = predicted[0]!.modes[mode]!
    const end = Math.min(steps, (DRAWN_STEPS * Math.log10(LEAST / start)) / Math.min(-1e-9, drawn[place]!))
    return line(
      [[0, start], [end, start * 10 ** ((drawn[place]! * end) / DRAWN_STEPS)]], // prettier-ignore
      colourOf(mode),
      { width: 1.5, dash: '2 4' }
    )
  })

const modesView = (training: Training, state: State): View => {
  const { measured, predicted, eigenvalues, steps } = training
  // what is drawn is drawn for one rate
  const isDrawn = state.rate === START_RATE
  const seen = (points: Training['predicted'], mode: number) =>
    points
      .map(({ step, modes }) => [step, modes[mode]!] as const)
      .filter(([, value]) => value >= LEAST && value <= MOST)
  return chart({
    title: 'The residual along each mode: lines predicted, dots the network',
    describe: eigenvalues
      .map(
        (value, i) =>
          `Mode ${i + 1}, λ = ${showNumber(value)}: ${showNumber(measured.at(-1)!.modes[i]!)} is left.`
      )
      .join(' '),
    x: linearAxis({ domain: [0, Math.max(1, steps)], label: 'steps', wanted: 4 }),
    y: logAxis({ domain: [LEAST, MOST], label: '', wanted: 4 }),
    size: [206, 206],
    marks: [
      ...(isDrawn ? [keyed('yours', 'the lines that you drew', ...drawnLines(training, state))] : []),
      ...eigenvalues.map((value, mode) =>
        keyed(
          `mode-${mode + 1}`,
          `mode ${mode + 1}, λ = ${showNumber(value)}`,
          line(seen(predicted, mode), colourOf(mode), { width: 1.5 }),
          ...seen(measured, mode).map((at) => dot(at, colourOf(mode), { radius: 2.5 }))
        )
      )
    ],
    legend: [
      ...eigenvalues.map((value, mode) => ({
        name: `λ${SUBSCRIPTS[mode]!} = ${showNumber(value)}`,
        colour: colourOf(mode),
        key: `mode-${mode + 1}`
      })),
      ...(isDrawn ? [{ name: 'dotted: yours', colour: 'transparent', key: 'yours' }] : [])
    ]
  })
}

/** The largest distance of two lists. */
const gapOf = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!)))

const frameOf = (training: Training, state: State): Frame => {
  const { eigenvalues, network, linear, closed, rate, stable, predicted, step, steps, executed } = training
  const [before, now] = [predicted[0]!.modes, predicted.find((one) => one.step === step)!.modes]
  const last = eigenvalues.length - 1
  return {
    views: [fitView(training, state), modesView(training, state)],
    facts: [
      { name: 'rate', label: 'rate η', value: rate },
      { name: 'stable', label: '2N/λ₁', value: stable },
      { name: 'first', label: 'left of mode 1', value: now[0]! / before[0]!, key: 'mode-1' },
      {
        name: 'last',
        label: `left of mode ${last + 1}`,
        value: now[last]! / before[last]!,
        key: `mode-${last + 1}`
      },
      {
        name: 'linearGap',
        label: 'linearised − closed form, at most',
        value: gapOf(linear.data, closed.data)
      },
      {
        name: 'gap',
        label: 'network − closed form, at most',
        value: gapOf(network.grid, closed.grid),
        key: 'network'
      }
    ],
    say: `After ${step} steps ${showNumber(now[0]! / before[0]!)} of the first mode is left, and ${showNumber(now[last]! / before[last]!)} of the last.`,
    executed,
    progress: steps === 0 ? 1 : step / steps
  }
}

async function* frames(state: State): AsyncGenerator<Frame> {
  for await (const training of trainingOf(state)) yield frameOf(training, state)
}

const flow: Draw<State> = (state) => frames(state)

export const figures = { sketch, flow }
