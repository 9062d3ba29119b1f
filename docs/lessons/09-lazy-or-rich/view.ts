import type { Draw, Frame, View } from '../frame/lesson.js'
import { chart, dot, keyed, line, linearAxis, logAxis, showNumber } from '../frame/plots.js'
import type { State } from './lesson.js'
import { drifts, EVERY, type Moment, predicted, scales, STEPS, training as train } from './model.js'

const EXECUTED = 'the engine reference in float64'
const [NETWORK, KERNEL, BEFORE] = ['var(--c1)', 'var(--c5)', 'var(--quiet)'] as const

type Point = readonly [number, number]

const within = (value: number, [low, high]: Point): number => Math.min(high, Math.max(low, value))

const [LOSSES, DRIFTS] = [[1e-4, 0.3] as const, [1e-4, 2] as const]

const driftView = (moments: readonly Moment[]): View => {
  const seen = moments
    .slice(1)
    .map(({ loss, drift }) => [within(loss, LOSSES), within(drift, DRIFTS)] as const)
  return chart({
    title: 'How far the kernel has moved, as the loss falls',
    describe: `‖Θ − Θ₀‖ / ‖Θ₀‖ is ${showNumber(moments.at(-1)!.drift)} at loss ${showNumber(moments.at(-1)!.loss)}.`,
    x: logAxis({ domain: LOSSES, label: 'training loss, falling to the left', wanted: 4 }),
    y: logAxis({ domain: DRIFTS, label: '', wanted: 5 }),
    marks: [line(seen, NETWORK), ...seen.map((at) => dot(at, NETWORK, { radius: 3 }))]
  })
}

const unitsView = (first: Moment, last: Moment): View => {
  const reach = 1.1 * Math.max(...[...first.units, ...last.units].flat().map(Math.abs))
  const axis = (label: string) => linearAxis({ domain: [-reach, reach], label, wanted: 4 })
  return chart({
    title: 'Hidden units: weights of x₁ and x₂, times |a|',
    describe: `The weights of x₁ are ${showNumber(100 * first.aligned)} % of all at the start and ${showNumber(100 * last.aligned)} % now.`,
    x: axis('weight of x₁'),
    y: axis(''),
    size: [206, 206],
    marks: [
      keyed(
        'before',
        'before training',
        ...first.units.map((at) => dot(at, BEFORE, { radius: 3, open: true }))
      ),
      keyed(
        'network',
        'after training',
        ...last.units.map((at, i) => line([first.units[i]!, at], NETWORK, { width: 1, opacity: 0.5 })),
        ...last.units.map((at) => dot(at, NETWORK, { radius: 3 }))
      )
    ],
    legend: [
      { name: 'before', colour: BEFORE, key: 'before' },
      { name: 'now', colour: NETWORK, key: 'network' }
    ]
  })
}

const errorView = (moments: readonly Moment[], said: readonly number[]): View => {
  const all: readonly Point[] = said.map((error, i) => [i * EVERY, Math.min(1.2, error)])
  const seen: readonly Point[] = moments.map(({ step, test }) => [step, Math.min(1.2, test)])
  return chart({
    title: 'Error on new inputs, as a share of the variance',
    describe: `The network is at ${showNumber(moments.at(-1)!.test)}, its first kernel predicts ${showNumber(said.at(-1)!)} at the end.`,
    x: linearAxis({ domain: [0, STEPS], label: 'steps', wanted: 4 }),
    y: linearAxis({ domain: [0, 1.2], label: '', wanted: 4 }),
    marks: [
      keyed('kernel', 'predicted by the kernel of the start', line(all, KERNEL, { dash: '5 3' })),
      keyed('network', 'the network', line(seen, NETWORK), dot(seen.at(-1)!, NETWORK))
    ],
    legend: [
      { name: 'the network', colour: NETWORK, key: 'network' },
      { name: 'predicted by Θ₀', colour: KERNEL, key: 'kernel' }
    ]
  })
}

async function* training(state: State): AsyncGenerator<Frame> {
  const said = predicted(
    state,
    Array.from({ length: STEPS / EVERY + 1 }, (_, i) => i * EVERY)
  )
  const moments: Moment[] = []
  for await (const moment of train(state)) {
    moments.push(moment)
    const first = moments[0]!
    yield {
      views: [driftView(moments), unitsView(first, moment), errorView(moments, said)],
      facts: [
        { name: 'loss', label: 'training loss', value: moment.loss },
        { name: 'drift', label: '‖Θ − Θ₀‖ / ‖Θ₀‖', value: moment.drift },
        { name: 'test', label: 'test error', value: moment.test, key: 'network' },
        { name: 'predicted', label: 'predicted by Θ₀', value: said.at(-1)!, key: 'kernel' },
        {
          name: 'alignedBefore',
          label: 'share of x₁ in the weights, before',
          value: first.aligned,
          key: 'before'
        },
        { name: 'aligned', label: 'now', value: moment.aligned, key: 'network' }
      ],
      say: `After ${moment.step} steps the kernel has moved by ${showNumber(moment.drift)} of its length; the test error is ${showNumber(moment.test)}.`,
      executed: EXECUTED,
      progress: moment.step / STEPS
    }
  }
}

/** The slope of the least-squares line through the logarithms of points. */
const slopeOf = (found: readonly Point[]): number => {
  const logs = found.map(([x, y]) => [Math.log(x), Math.log(y)] as const)
  const mean = (axis: 0 | 1): number => logs.reduce((sum, at) => sum + at[axis], 0) / logs.length
  const [x, y] = [mean(0), mean(1)]
  const along = logs.reduce((sum, [u, v]) => sum + (u - x) * (v - y), 0)
  return along / logs.reduce((sum, [u]) => sum + (u - x) ** 2, 0)
}

async function* law(state: State): AsyncGenerator<Frame> {
  for await (const found of drifts(state)) {
    const seen = found.map((drift, i) => [scales[i]!, drift] as const)
    const slope = seen.length < 2 ? 0 : slopeOf(seen)
    const guide = (scale: number): Point => [scale, within((seen[0]![1] * scales[0]) / scale, DRIFTS)]
    yield {
      views: [
        chart({
          title: 'Movement of the kernel over α, both logarithmic',
          describe: seen.map(([scale, drift]) => `${showNumber(drift)} at α = ${scale}`).join('; '),
          x: logAxis({ domain: [0.4, 20], label: 'output scale α', wanted: 4 }),
          y: logAxis({ domain: DRIFTS, label: '', wanted: 5 }),
          size: [300, 200],
          marks: [
            keyed(
              'guide',
              'proportional to 1 / α',
              line([guide(scales[0]), guide(scales.at(-1)!)], BEFORE, { dash: '5 3', width: 1.5 })
            ),
            keyed('drift', 'the networks', line(seen, NETWORK), ...seen.map((at) => dot(at, NETWORK)))
          ],
          legend: [
            { name: 'the networks', colour: NETWORK, key: 'drift' },
            { name: 'proportional to 1 / α', colour: BEFORE, key: 'guide' }
          ]
        })
      ],
      facts: [
        { name: 'first', label: `moved at α = ${scales[0]}`, value: found[0]!, key: 'drift' },
        { name: 'last', label: `at α = ${scales[found.length - 1]!}`, value: found.at(-1)!, key: 'drift' },
        { name: 'slope', label: 'slope', value: slope, key: 'drift' }
      ],
      say: `The slope of the kernel’s movement over α is ${showNumber(slope)}.`,
      executed: EXECUTED,
      progress: found.length / scales.length
    }
  }
}

export const figures: { readonly training: Draw<State>; readonly law: Draw<State> } = { training, law }
