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
import { REACH, type State } from './lesson.js'
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

const [LEAST, MOST] = [1e-4, 1e2] as const

const modesView = ({ measured, predicted, eigenvalues, steps }: Training): View => {
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
    marks: eigenvalues.map((value, mode) =>
      keyed(
        `mode-${mode + 1}`,
        `mode ${mode + 1}, λ = ${showNumber(value)}`,
        line(seen(predicted, mode), colourOf(mode), { width: 1.5 }),
        ...seen(measured, mode).map((at) => dot(at, colourOf(mode), { radius: 2.5 }))
      )
    ),
    legend: eigenvalues.map((value, mode) => ({
      name: `λ${SUBSCRIPTS[mode]!} = ${showNumber(value)}`,
      colour: colourOf(mode),
      key: `mode-${mode + 1}`
    }))
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
    views: [fitView(training, state), modesView(training)],
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

export const figures = { flow }
