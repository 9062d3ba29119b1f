import type { Draw, Fact, View } from '../frame/lesson.js'
import {
  band,
  chart,
  dot,
  element,
  fraction,
  keyed,
  label,
  line,
  linearAxis,
  logAxis,
  type Mark,
  kernelOfTwo,
  showNumber
} from '../frame/plots.js'
import type { State } from './lesson.js'
import { descentOf, type KernelByHand, kernelOf, STEPS } from './model.js'

const [HIDDEN, OUTPUT] = ['var(--c2)', 'var(--c4)'] as const
const MODES = ['var(--c1)', 'var(--c5)'] as const
const EXECUTED = 'the evaluator in float64'

const weightsOf = ({ w11, w12, w21, w22 }: State) =>
  [
    [w11, w12],
    [w21, w22]
  ] as const

const heatMap = ({ theta: [a, b, d] }: KernelByHand): View =>
  kernelOfTwo([a, b, d], ['x₁', 'x₂'], {
    title: 'Θ, entry by entry',
    describe: `Θ of x₁ and x₁ is ${fraction(a)}, of x₁ and x₂ ${fraction(b)}, of x₂ and x₂ ${fraction(d)}.`,
    most: Math.max(a, d)
  })

/** A bar from one value to another, in the row of an entry. */
const bar =
  (row: number, from: number, to: number, fill: string): Mark =>
  ({ x, y }) =>
    element('rect', { x: x(from), y: y(row) - 13, width: Math.max(0, x(to) - x(from)), height: 26, fill })

const sharesView = ({ theta, hidden, output }: KernelByHand): View => {
  const entries = ['11', '12', '22'] as const
  const names = ['Θ(x₁, x₁)', 'Θ(x₁, x₂)', 'Θ(x₂, x₂)']
  return chart({
    title: 'Which layer gives how much of it',
    describe: names.map((name, i) => `${name}: ${fraction(hidden[i]!)} + ${fraction(output[i]!)}`).join('; '),
    x: linearAxis({ domain: [0, Math.max(1, ...theta) * 1.12], label: 'share of Θ', wanted: 4 }),
    y: (pixels) => ({
      scale: linearAxis({ domain: [2.6, -0.6], label: '' })(pixels).scale,
      ticks: names.map((text, value) => ({ value, text })),
      label: ''
    }),
    grid: 'x',
    size: [170, 170],
    marks: entries.map((entry, i) =>
      keyed(
        `entry-${entry}`,
        `${names[i]!} = ${fraction(hidden[i]!)} of the hidden weights + ${fraction(output[i]!)} of the output weights`,
        bar(i, 0, hidden[i]!, HIDDEN),
        bar(i, hidden[i]!, hidden[i]! + output[i]!, OUTPUT)
      )
    ),
    legend: [
      { name: 'hidden weights', colour: HIDDEN },
      { name: 'output weights', colour: OUTPUT }
    ]
  })
}

const CIRCLE = Array.from({ length: 73 }, (_, i) => (i / 36) * Math.PI)

/** The unit circle and what Θ makes of it: an ellipse whose half axes are the eigenvalues. */
const modesView = ({ theta: [a, b, d], eigenvalues, modes }: KernelByHand): View => {
  const reach = Math.max(1.2, eigenvalues[0] * 1.1)
  const axis = (name: string) => linearAxis({ domain: [-reach, reach], label: name, wanted: 4 })
  return chart({
    title: 'Its modes: a unit circle, and what Θ makes of it',
    describe: `An ellipse with half axes ${showNumber(eigenvalues[0])} and ${showNumber(eigenvalues[1])}.`,
    x: axis('along x₁'),
    y: axis('along x₂'),
    size: [206, 206],
    marks: [
      line(
        CIRCLE.map((at) => [Math.cos(at), Math.sin(at)]),
        'var(--quiet)',
        { width: 1, dash: '3 3' }
      ),
      line(
        CIRCLE.map((at) => [a * Math.cos(at) + b * Math.sin(at), b * Math.cos(at) + d * Math.sin(at)]),
        'var(--ink)',
        { width: 1.5, opacity: 0.7 }
      ),
      ...modes.map(([u, v], i) => {
        const value = eigenvalues[i]!
        const tip = [value * u, value * v] as const
        return keyed(
          `mode-${i + 1}`,
          `mode ${i + 1}: λ = ${showNumber(value)}, along (${showNumber(u)}, ${showNumber(v)})`,
          line([[-tip[0], -tip[1]], tip], MODES[i]!, { width: 3 }),
          dot(tip, MODES[i]!)
        )
      })
    ],
    legend: eigenvalues.map((value, i) => ({
      name: `λ${i === 0 ? '₁' : '₂'} = ${showNumber(value)}`,
      colour: MODES[i]!,
      key: `mode-${i + 1}`
    }))
  })
}

const stableText = (stable: number): string => (stable === Infinity ? 'any' : fraction(stable))

const kernel: Draw<State> = (state) => {
  const found = kernelOf(weightsOf(state))
  const [a, b, d] = found.theta
  const [first, second] = found.eigenvalues
  const facts: Fact[] = [
    { name: 'theta11', label: 'Θ(x₁, x₁)', value: a, text: fraction(a), key: 'entry-11' },
    { name: 'theta12', label: 'Θ(x₁, x₂)', value: b, text: fraction(b), key: 'entry-12' },
    { name: 'theta22', label: 'Θ(x₂, x₂)', value: d, text: fraction(d), key: 'entry-22' },
    { name: 'lambda1', label: 'λ₁', value: first, text: fraction(first), key: 'mode-1' },
    { name: 'lambda2', label: 'λ₂', value: second, text: fraction(second), key: 'mode-2' },
    { name: 'stable', label: 'largest stable rate', value: found.stable, text: stableText(found.stable) }
  ]
  return {
    views: [heatMap(found), sharesView(found), modesView(found)],
    facts,
    say: `The kernel is ${[a, b, b, d].map(fraction).join(', ')}; its eigenvalues are ${showNumber(first)} and ${showNumber(second)}.`,
    executed: EXECUTED
  }
}

/** The rates that are shown, and the factors. */
const [RATES, FACTORS] = [[0, 2] as const, [-2, 1.4] as const]

/** The factor by which a step multiplies the residual of each mode, over the rate. */
const factorView = ({ eigenvalues, stable }: KernelByHand, rate: number): View => {
  const factorAt = (at: number, value: number): number => 1 - (at * value) / 2
  return chart({
    title: 'A step multiplies a mode’s residual by 1\u00a0−\u00a0ηλ/2',
    describe: `At η = ${showNumber(rate)} by ${eigenvalues.map((value) => showNumber(factorAt(rate, value))).join(' and ')}.`,
    x: linearAxis({ domain: RATES, label: 'rate η', wanted: 4 }),
    y: linearAxis({ domain: FACTORS, label: '', wanted: 4 }),
    marks: [
      band(
        RATES.map((at) => [at, -1]),
        RATES.map((at) => [at, 1]),
        'var(--c2)'
      ),
      ...eigenvalues.map((value, i) => {
        // where the line leaves the plot, at its right side or its lower one
        const end = Math.min(RATES[1], (2 * (1 - FACTORS[0])) / Math.max(value, 1e-9))
        const now = factorAt(rate, value)
        return keyed(
          `mode-${i + 1}`,
          `mode ${i + 1}: λ = ${showNumber(value)}`,
          line([[0, 1], [end, factorAt(end, value)]], MODES[i]!), // prettier-ignore
          ...(now < FACTORS[0] ? [] : [dot([rate, now], MODES[i]!, { radius: 5 })])
        )
      }),
      line([[rate, FACTORS[0]], [rate, 1.1]], 'var(--ink)', { width: 1, dash: '4 3' }), // prettier-ignore
      ...(stable > RATES[1]
        ? []
        : [
            line([[stable, -1], [stable, 1.1]], 'var(--quiet)', { width: 1 }), // prettier-ignore
            label([stable, 1.4], `2N/λ₁ = ${fraction(stable)}`, {
              dy: 10,
              anchor: stable > 1.5 ? 'end' : stable < 0.4 ? 'start' : 'middle'
            })
          ])
    ]
  })
}

const [LEAST, MOST] = [1e-3, 1e3] as const

const residualView = (residuals: readonly (readonly [number, number])[]): View =>
  chart({
    title: 'The residual along each mode, step by step',
    describe: `After ${STEPS} steps ${residuals.at(-1)!.map(showNumber).join(' and ')}.`,
    x: linearAxis({ domain: [0, STEPS], label: 'steps', wanted: 4 }),
    y: logAxis({ domain: [LEAST, MOST], label: '', wanted: 4 }),
    marks: MODES.map((colour, i) => {
      const seen = residuals
        .map((both, step) => [step, both[i]!] as const)
        .filter(([, value]) => value >= LEAST && value <= MOST)
      return keyed(
        `mode-${i + 1}`,
        `mode ${i + 1}`,
        line(seen, colour, { width: 1.5 }),
        ...seen.map((at) => dot(at, colour, { radius: 2.5 }))
      )
    }),
    legend: MODES.map((colour, i) => ({ name: `mode ${i + 1}`, colour, key: `mode-${i + 1}` }))
  })

const descent: Draw<State> = (state) => {
  const weights = weightsOf(state)
  const found = kernelOf(weights)
  const residuals = descentOf(weights, state.rate)
  const [before, after] = [residuals[0]!, residuals.at(-1)!]
  const isStable = state.rate < found.stable
  const factorOf = (value: number): number => 1 - (state.rate * value) / 2
  return {
    views: [factorView(found, state.rate), residualView(residuals)],
    facts: [
      { name: 'rate', label: 'η', value: state.rate },
      { name: 'factor1', label: 'factor of mode 1', value: factorOf(found.eigenvalues[0]), key: 'mode-1' },
      { name: 'factor2', label: 'factor of mode 2', value: factorOf(found.eigenvalues[1]), key: 'mode-2' },
      {
        name: 'growth',
        label: `mode 1 after ${STEPS} steps / before`,
        value: after[0] / before[0]
      },
      { name: 'stable', label: 'largest stable rate', value: found.stable, text: stableText(found.stable) }
    ],
    say: isStable ? 'Both modes shrink.' : 'The first mode grows: descent diverges.',
    executed: EXECUTED
  }
}

export const figures = { kernel, descent }
