import type { Draw, Fact, View } from '../frame/lesson.js'
import {
  chart,
  dot,
  element,
  keyed,
  label,
  line,
  linearAxis,
  type Mark,
  pointHandle,
  showNumber
} from '../frame/plots.js'
import { REACH, type State } from './lesson.js'
import { changesOf, type FeatureMap, featuresOf, UNITS } from './model.js'

const [X, OTHER, PRODUCT] = ['var(--c1)', 'var(--c5)', 'var(--c3)'] as const
const EXECUTED = 'the evaluator in float64'
const SUBSCRIPTS = '₁₂₃₄'

/** Each unit has three weights, and room to the next unit. */
const PER_UNIT = 3
const placeOf = (weight: number): number => weight + Math.floor(weight / PER_UNIT)
const END = placeOf(UNITS * PER_UNIT - 1)

const weightName = (weight: number): string => {
  const unit = SUBSCRIPTS[Math.floor(weight / PER_UNIT)]!
  const part = weight % PER_UNIT
  return part === 2
    ? `output weight a${unit}`
    : `${part === 0 ? 'first' : 'second'} hidden weight of unit ${unit}`
}

const shown = (numbers: readonly number[]): string => `(${numbers.map(showNumber).join(', ')})`

/** The plane of inputs: where each unit switches on, and the two inputs. */
const planeView = ({ units }: FeatureMap, { x, other }: State): View => {
  const domain = [-REACH, REACH] as const
  const axis = (name: string) => linearAxis({ domain, label: name, wanted: 4 })
  return chart({
    title: 'Drag x and x′; lines are where a unit switches',
    describe: `x is ${shown(x)}, x′ is ${shown(other)}.`,
    x: axis('first input'),
    y: axis('second input'),
    size: [206, 206],
    marks: units.map(([a, b], unit) => {
      // the line w·x = 0 as far as it is in the square, and a short arrow to the side where the unit is active
      const far = REACH / Math.max(Math.abs(a), Math.abs(b))
      const size = Math.hypot(a, b)
      const middle = [(-b * far) / 1.15, (a * far) / 1.15] as const
      const tip = [middle[0] + (0.3 * a) / size, middle[1] + (0.3 * b) / size] as const
      return keyed(
        `unit-${unit}`,
        `unit ${unit + 1} is active on the side of the short line`,
        line([[b * far, -a * far], [-b * far, a * far]], 'var(--quiet)', { width: 1.5 }), // prettier-ignore
        line([middle, tip], 'var(--quiet)', { width: 1.5 }),
        label(tip, String(unit + 1), { dy: 4, dx: a < 0 ? -9 : 9 })
      )
    }),
    handles: (area) => [
      pointHandle(area, { control: 'x', label: 'x', value: x, domain, colour: X }),
      pointHandle(area, { control: 'other', label: 'x′', value: other, domain, colour: OTHER })
    ]
  })
}

/** A bar from zero, a part of the room of its weight wide. */
const bar =
  (at: number, value: number, width: number, fill: string): Mark =>
  ({ x, y }) =>
    element('rect', {
      x: x(at - width / 2),
      width: x(width) - x(0),
      y: Math.min(y(0), y(value)),
      height: Math.max(0.5, Math.abs(y(value) - y(0))),
      fill
    })

const unitAxis = (pixels: readonly [number, number]) => ({
  scale: linearAxis({ domain: [-0.7, END + 0.7], label: '' })(pixels).scale,
  ticks: Array.from({ length: UNITS }, (_, unit) => ({
    value: unit * (PER_UNIT + 1) + 1,
    text: `unit ${unit + 1}`
  })),
  label: 'weights, unit by unit'
})

/** An axis that is symmetric about zero, and no narrower than one that shows ordinary values. */
const around = (values: readonly number[]) => {
  const most = Math.max(1, ...values.map(Math.abs)) * 1.08
  return linearAxis({ domain: [-most, most], label: '', wanted: 4 })
}

const gradientView = ({ gradients: [first, second] }: FeatureMap): View =>
  chart({
    title: 'The gradients ∇f(x) and ∇f(x′), weight by weight',
    describe: `At x ${shown(first)}; at x′ ${shown(second)}.`,
    x: unitAxis,
    y: around([...first, ...second]),
    marks: first.map((value, weight) =>
      keyed(
        `weight-${weight}`,
        `${weightName(weight)}: ${showNumber(value)} at x, ${showNumber(second[weight]!)} at x′`,
        bar(placeOf(weight) - 0.2, value, 0.38, X),
        bar(placeOf(weight) + 0.2, second[weight]!, 0.38, OTHER)
      )
    ),
    legend: [
      { name: '∇f(x)', colour: X },
      { name: '∇f(x′)', colour: OTHER }
    ]
  })

const productView = ({ products, theta }: FeatureMap): View =>
  chart({
    title: 'Their product; all bars together are Θ(x, x′)',
    describe: `The products ${shown(products)} sum to ${showNumber(theta[1])}.`,
    x: unitAxis,
    y: around(products),
    marks: products.map((value, weight) =>
      keyed(
        `weight-${weight}`,
        `${weightName(weight)}: ${showNumber(value)}`,
        bar(placeOf(weight), value, 0.8, PRODUCT)
      )
    ),
    legend: [{ name: `sum: Θ(x, x′) = ${showNumber(theta[1])}`, colour: PRODUCT }]
  })

const features: Draw<State> = (state) => {
  const found = featuresOf(state.x, state.other, state.seed)
  const [own, mixed, others] = found.theta
  const sum = found.products.reduce((total, one) => total + one, 0)
  const scale = Math.sqrt(own * others)
  const facts: Fact[] = [
    { name: 'theta', label: 'Θ(x, x′)', value: mixed },
    { name: 'sum', label: 'sum of the products', value: sum },
    { name: 'own', label: 'Θ(x, x) = ‖∇f(x)‖²', value: own },
    { name: 'others', label: 'Θ(x′, x′)', value: others },
    { name: 'cosine', label: 'cosine of the gradients', value: scale === 0 ? 0 : mixed / scale }
  ]
  return {
    views: [planeView(found, state), gradientView(found), productView(found)],
    facts,
    say: `The kernel of x ${shown(state.x)} and x′ ${shown(state.other)} is ${showNumber(mixed)}.`,
    executed: EXECUTED
  }
}

const RATES = Array.from({ length: 21 }, (_, i) => i / 20)

const step: Draw<State> = ({ x, other, seed, rate }) => {
  const [, theta] = featuresOf(x, other, seed).theta
  const changes = changesOf(x, other, seed, [...RATES, rate])
  const actual = RATES.map((at, i) => [at, changes[i]!] as const)
  const now = changes.at(-1)!
  const values = [...actual.map(([, value]) => value), -theta, 0]
  const [least, most] = [Math.min(...values), Math.max(...values, 0.1)]
  const view = chart({
    title: 'How f(x′) changes when a step is taken on x',
    describe: `At the rate ${showNumber(rate)} by ${showNumber(now)}; the kernel says ${showNumber(-rate * theta)}.`,
    x: linearAxis({ domain: [0, 1], label: 'rate η', wanted: 4 }),
    y: linearAxis({ domain: [least * 1.05 - 0.05, most * 1.05], label: '' }),
    size: [236, 190],
    marks: [
      keyed('predicted', 'what the kernel says', line([[0, 0], [1, -theta]], PRODUCT, { dash: '6 4' })), // prettier-ignore
      keyed('actual', 'what the network does', line(actual, 'var(--ink)')),
      dot([rate, -rate * theta], PRODUCT, { radius: 5 }),
      dot([rate, now], 'var(--ink)', { radius: 5 })
    ],
    legend: [
      { name: 'by the kernel: −η Θ(x, x′)', colour: PRODUCT, key: 'predicted' },
      { name: 'the network itself', colour: 'var(--ink)', key: 'actual' }
    ]
  })
  return {
    views: [view],
    facts: [
      { name: 'predicted', label: '−η Θ(x, x′)', value: -rate * theta, key: 'predicted' },
      { name: 'actual', label: 'real change of f(x′)', value: now, key: 'actual' },
      { name: 'theta', label: 'Θ(x, x′)', value: theta }
    ],
    say: `At the rate ${showNumber(rate)} the output at x′ changes by ${showNumber(now)}.`,
    executed: EXECUTED
  }
}

export const figures = { features, step }
