import type { Draw, View } from '../frame/lesson.js'
import { chart, colourOf, dot, keyed, line, linearAxis, pointHandle, showNumber } from '../frame/plots.js'
import { MOST, type State } from './lesson.js'
import { ANGLES, type Layers, layersOf, STARTS } from './model.js'

const [NNGP, THETA] = ['var(--c2)', 'var(--c1)'] as const
const SIXTY = ANGLES.indexOf(60)

const kernelView = ({ nngp, theta }: Layers): View => {
  const curves = [
    { key: 'theta', name: 'Θ (tangent kernel)', values: theta, colour: THETA },
    { key: 'nngp', name: 'Σ (covariance)', values: nngp, colour: NNGP }
  ]
  const shares = curves.map(({ values }) => values.map((value) => value / values[0]!))
  const least = Math.min(0, ...shares.flat())
  return chart({
    title: 'Kernel of two inputs, as a part of its value at 0°',
    describe: `At 60 degrees Θ is ${showNumber(theta[SIXTY]!)} and Σ is ${showNumber(nngp[SIXTY]!)}.`,
    x: linearAxis({ domain: [0, 180], label: 'angle in degrees', wanted: 4 }),
    y: linearAxis({ domain: [least * 1.05, 1.05], label: '', wanted: 4 }),
    marks: curves.map(({ key, name, colour }, i) =>
      keyed(
        key,
        name,
        line(
          ANGLES.map((angle, at) => [angle, shares[i]![at]!]),
          colour
        ),
        dot([60, shares[i]![SIXTY]!], colour, { radius: 5 })
      )
    ),
    legend: curves.map(({ name, colour, key }) => ({ name, colour, key }))
  })
}

const correlationView = ({ correlations }: Layers, { depth }: State): View =>
  chart({
    title: 'Correlation of two inputs, layer by layer',
    describe: STARTS.map(
      (angle, i) => `From ${angle} degrees to the correlation ${showNumber(correlations[i]!.at(-1)!)}`
    ).join('; '),
    x: linearAxis({ domain: [0, depth], label: 'hidden layers', wanted: Math.min(4, depth), whole: true }),
    y: linearAxis({ domain: [-1, 1.04], label: '', wanted: 4 }),
    marks: correlations.map((values, i) =>
      keyed(
        `start-${i}`,
        `from ${STARTS[i]!}°`,
        line(
          values.map((value, layer) => [layer, value]),
          colourOf(i),
          { width: 1.5 }
        ),
        ...values.map((value, layer) => dot([layer, value], colourOf(i), { radius: 2.5 }))
      )
    ),
    legend: STARTS.map((angle, i) => ({ name: `from ${angle}°`, colour: colourOf(i), key: `start-${i}` }))
  })

const PLANE = [0, MOST] as const

const variancesView = ({ variances }: State): View =>
  chart({
    title: 'Variances of weights and of biases; drag the point',
    describe: `σ_w² is ${showNumber(variances[0]!)} and σ_b² is ${showNumber(variances[1]!)}.`,
    x: linearAxis({ domain: PLANE, label: 'of weights', wanted: 4 }),
    y: linearAxis({ domain: PLANE, label: 'of biases', wanted: 4 }),
    size: [130, 130],
    marks: [],
    handles: (area) => [
      pointHandle(area, {
        control: 'variances',
        label: 'σ²',
        value: variances,
        domain: PLANE,
        colour: 'var(--c5)'
      })
    ]
  })

/** Within this of 1, χ is at the edge. */
const EDGE = 0.005

const depth: Draw<State> = (state) => {
  const found = layersOf(state)
  const { nngp, theta, correlations, chi } = found
  const regime = Math.abs(chi - 1) < EDGE ? 'at the edge' : chi < 1 ? 'order' : 'chaos'
  return {
    views: [kernelView(found), correlationView(found, state), variancesView(state)],
    facts: [
      { name: 'theta60', label: 'Θ at 60°', value: theta[SIXTY]!, key: 'theta' },
      { name: 'sigma60', label: 'Σ at 60°', value: nngp[SIXTY]!, key: 'nngp' },
      { name: 'theta0', label: 'Θ at 0°', value: theta[0]!, key: 'theta' },
      {
        name: 'correlation',
        label: 'correlation at the end, from 60°',
        value: correlations[STARTS.indexOf(60)]!.at(-1)!,
        key: `start-${STARTS.indexOf(60)}`
      },
      { name: 'chi', label: 'χ', value: chi, text: `${showNumber(chi)}: ${regime}` }
    ],
    say: `At 60 degrees Θ is ${showNumber(theta[SIXTY]!)} and Σ is ${showNumber(nngp[SIXTY]!)}; χ is ${showNumber(chi)}: ${regime}.`,
    executed: 'the evaluator in float64'
  }
}

export const figures = { depth }
