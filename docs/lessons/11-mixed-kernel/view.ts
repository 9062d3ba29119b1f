import { diverging, sequential } from '../../../lib/report/plot/palette.js'
import type { Draw, View } from '../frame/lesson.js'
import {
  chart,
  dot,
  element,
  fragment,
  keyed,
  line,
  linearAxis,
  logAxis,
  showNumber
} from '../frame/plots.js'
import type { State } from './lesson.js'
import { COUNT, type Dynamics, dynamicsOf, errorOf, type Kernels, kernelsOf } from './model.js'

const EXECUTED = 'the evaluator in float64'
const CLASSES = ['var(--c1)', 'var(--c4)'] as const
const [REAL, MIXED, CLEAN] = ['var(--ink)', 'var(--c5)', 'var(--c2)'] as const

const classColour = (target: number): string => CLASSES[target > 0 ? 0 : 1]

const planeView = ({ points, attacked, targets }: Kernels): View => {
  const axis = (label: string) => linearAxis({ domain: [-1.6, 1.6], label, wanted: 4 })
  return chart({
    title: 'The examples, and where the attack moves them',
    describe: points
      .map(
        (at, i) =>
          `${i + 1} at ${at.map(showNumber).join(', ')} goes to ${attacked[i]!.map(showNumber).join(', ')}`
      )
      .join('; '),
    x: axis('first feature'),
    y: axis(''),
    size: [190, 190],
    marks: points.map((at, i) =>
      keyed(
        `example-${i}`,
        `example ${i + 1}`,
        line([at, attacked[i]!], classColour(targets[i]!), { width: 1.5 }),
        dot(at, classColour(targets[i]!), { radius: 4.5 }),
        dot(attacked[i]!, classColour(targets[i]!), { radius: 4, open: true })
      )
    ),
    legend: [
      { name: 'target 1', colour: CLASSES[0] },
      { name: 'target −1', colour: CLASSES[1] }
    ]
  })
}

const SIDE = 22

/** A kernel as coloured cells, a row for each example. */
const heatView = (
  values: readonly number[],
  colourOf: (value: number) => string,
  view: Pick<View, 'title' | 'describe'>
): View => ({
  ...view,
  width: COUNT * SIDE + 30,
  height: COUNT * SIDE + 30,
  body: fragment(
    ...Array.from({ length: COUNT }, (_, i) =>
      fragment(
        element('text', { x: 10, y: 22 + (i + 0.5) * SIDE + 5, 'text-anchor': 'middle' }, String(i + 1)),
        element('text', { x: 22 + (i + 0.5) * SIDE, y: 15, 'text-anchor': 'middle' }, String(i + 1)),
        element(
          'g',
          { 'data-key': `example-${i}` },
          ...Array.from({ length: COUNT }, (_, j) =>
            element(
              'rect',
              {
                class: 'cell',
                x: 22 + j * SIDE,
                y: 22 + i * SIDE,
                width: SIDE,
                height: SIDE,
                fill: colourOf(values[COUNT * i + j]!)
              },
              element('title', {}, `${i + 1}, ${j + 1}: ${showNumber(values[COUNT * i + j]!)}`)
            )
          )
        )
      )
    )
  ).text
})

const kernels: Draw<State> = ({ epsilon, width, seed }) => {
  const found = kernelsOf(epsilon, width, seed)
  const { clean, mixed, difference, distance, asymmetry } = found
  const [least, most] = [Math.min(0, ...clean, ...mixed), Math.max(...clean, ...mixed)]
  const largest = Math.max(1e-9, ...difference.map(Math.abs))
  const shade = (value: number): string => sequential((value - least) / (most - least))
  return {
    views: [
      planeView(found),
      heatView(clean, shade, {
        title: 'Θ(X, X)',
        describe: `From ${showNumber(Math.min(...clean))} to ${showNumber(Math.max(...clean))}.`
      }),
      heatView(mixed, shade, {
        title: 'Θ(X, X̃): row i is x, column j is x̃',
        describe: `From ${showNumber(Math.min(...mixed))} to ${showNumber(Math.max(...mixed))}.`
      }),
      heatView(difference, (value) => diverging(0.5 + value / (2 * largest)), {
        title: `The difference, from ${showNumber(-largest)} to ${showNumber(largest)}`,
        describe: `Relative to Θ(X, X) it is ${showNumber(distance)}.`
      })
    ],
    facts: [
      { name: 'distance', label: '‖Θ(X, X̃) − Θ(X, X)‖ / ‖Θ(X, X)‖', value: distance },
      { name: 'asymmetry', label: '‖M − Mᵀ‖ / ‖M‖ of M = Θ(X, X̃)', value: asymmetry },
      { name: 'first', label: 'Θ(x₁, x₁)', value: clean[0]!, key: 'example-0' },
      { name: 'mixed', label: 'Θ(x₁, x̃₁)', value: mixed[0]!, key: 'example-0' }
    ],
    say: `The mixed kernel is ${showNumber(distance)} away from the kernel of the examples.`,
    executed: EXECUTED
  }
}

const SHOWN = [0, 2, 5, 7] as const

const stepAxis = (steps: readonly number[]) =>
  linearAxis({ domain: [0, steps.at(-1)!], label: 'steps', wanted: 4 })

const outputView = ({ steps, real, mixed, clean }: Dynamics): View => {
  const all = [...real, ...mixed, ...clean].flatMap((row) => SHOWN.map((i) => row[i]!))
  return chart({
    title: 'Outputs at four clean examples, step by step',
    describe: `At the end they are ${SHOWN.map((i) => showNumber(real.at(-1)![i]!)).join(', ')}.`,
    x: stepAxis(steps),
    y: linearAxis({ domain: [Math.min(-1.1, ...all), Math.max(1.1, ...all)], label: '', wanted: 4 }),
    size: [205, 205],
    marks: SHOWN.map((i) => {
      const through = (rows: Dynamics['real']) => steps.map((step, t) => [step, rows[t]![i]!] as const)
      return keyed(
        `example-${i}`,
        `example ${i + 1}`,
        line(through(real), REAL, { width: 3, opacity: 0.35 }),
        line(through(mixed), MIXED, { width: 1.5, dash: '6 3' }),
        line(through(clean), CLEAN, { width: 1.5, dash: '2 3' })
      )
    }),
    legend: [
      { name: 'the network', colour: REAL },
      { name: 'said by Θ(X, X̃)', colour: MIXED, key: 'mixed' },
      { name: 'said by Θ(X, X)', colour: CLEAN, key: 'clean' }
    ]
  })
}

const LEAST = 1e-4

const errorView = (
  steps: readonly number[],
  errors: Readonly<Record<'mixed' | 'clean', readonly number[]>>
): View =>
  chart({
    title: 'How far each prediction is off, relative to the way come',
    describe: `At the end ${showNumber(errors.mixed.at(-1)!)} and ${showNumber(errors.clean.at(-1)!)}.`,
    x: stepAxis(steps),
    y: logAxis({ domain: [LEAST, 2], label: '', wanted: 5 }),
    size: [190, 205],
    marks: (
      [
        ['clean', CLEAN],
        ['mixed', MIXED]
      ] as const
    ).map(([name, colour]) => {
      const seen = steps
        .map((step, t) => [step, errors[name][t]!] as const)
        .filter(([step, value]) => step > 0 && value > LEAST)
      return keyed(name, name, line(seen, colour), ...seen.map((at) => dot(at, colour, { radius: 2.5 })))
    })
  })

const dynamics: Draw<State> = async function* (state) {
  const epsilon = state.training === 'natural' ? 0 : state.epsilon
  const found = await dynamicsOf({ ...state, epsilon })
  const start = found.real[0]!
  const errorsOf = (rows: Dynamics['real']) => rows.map((row, t) => errorOf(row, found.real[t]!, start))
  const errors = { mixed: errorsOf(found.mixed), clean: errorsOf(found.clean) }
  const [mixed, clean] = [errors.mixed.at(-1)!, errors.clean.at(-1)!]
  yield {
    views: [outputView(found), errorView(found.steps, errors)],
    facts: [
      { name: 'mixedError', label: 'Θ(X, X̃) is off by', value: mixed, key: 'mixed' },
      { name: 'cleanError', label: 'Θ(X, X) is off by', value: clean, key: 'clean' },
      { name: 'output', label: 'f(x₁) at the end', value: found.real.at(-1)![0]!, key: 'example-0' }
    ],
    say: `At the end the mixed kernel is off by ${showNumber(mixed)}, the kernel of the examples by ${showNumber(clean)}.`,
    executed: 'the reference engine, float64'
  }
}

export const figures = { kernels, dynamics }
