import type { Draw, Handle, View } from '../frame/lesson.js'
import {
  bar,
  chart,
  dot,
  element,
  fraction,
  fragment,
  keyed,
  line,
  linearAxis,
  logAxis,
  kernelOfTwo,
  showNumber
} from '../frame/plots.js'
import type { State } from './lesson.js'
import { type Layered, layeredBy, type Masked, maskedBy, WEIGHTS } from './model.js'

const EXECUTED = 'the evaluator in float64'
const [ON, OFF] = ['var(--c2)', 'var(--quiet)'] as const
const [DENSE, MASKED] = ['var(--quiet)', 'var(--c1)'] as const

/** Where units are drawn: inputs, hidden units, the output. */
const UNITS = { x1: [26, 60], x2: [26, 200], h1: [150, 60], h2: [150, 200], f: [266, 130] } as const
const NAMES = ['w₁₁', 'w₁₂', 'w₂₁', 'w₂₂', 'a₁', 'a₂'] as const
const EDGES = [
  ['x1', 'h1'],
  ['x2', 'h1'],
  ['x1', 'h2'],
  ['x2', 'h2'],
  ['h1', 'f'],
  ['h2', 'f']
] as const
/** How far along its edge each weight is: names must not lie on edges that cross. */
const ALONG = [0.34, 0.2, 0.2, 0.34, 0.34, 0.34] as const

const placeOf = (weight: number): readonly [number, number] => {
  const [from, to] = EDGES[weight]!
  const [[x, y], [u, v]] = [UNITS[from], UNITS[to]]
  const along = ALONG[weight]!
  return [x + along * (u - x), y + along * (v - y)]
}

const handlesOf = (kept: readonly number[]): readonly Handle[] =>
  WEIGHTS.map((weight, i) => {
    const at = placeOf(i)
    const place = { place: i, pixels: [at[0] - 10, at[0] + 10], values: [0, 1] } as const
    const isOn = kept[i] === 1
    return {
      control: 'kept',
      label: `${NAMES[i]!} = ${showNumber(weight)}`,
      text: isOn ? 'on' : 'off',
      at,
      x: place,
      colour: isOn ? ON : OFF
    }
  })

const networkView = (kept: readonly number[]): View => ({
  title: 'Click a weight to switch it off, or on again',
  describe: `Off are ${NAMES.filter((_, i) => kept[i] === 0).join(', ') || 'none'}.`,
  width: 292,
  height: 250,
  body: fragment(
    ...EDGES.map(([from, to], i) => {
      const [[x1, y1], [x2, y2]] = [UNITS[from], UNITS[to]]
      const isOn = kept[i] === 1
      return element('line', {
        x1,
        y1,
        x2,
        y2,
        stroke: isOn ? ON : OFF,
        'stroke-width': isOn ? 3 : 1,
        'stroke-dasharray': isOn ? 'none' : '3 4'
      })
    }),
    ...Object.entries({ x1: 'x₁', x2: 'x₂', h1: 'φ', h2: 'φ', f: 'f' }).map(([unit, name]) => {
      const [cx, cy] = UNITS[unit as keyof typeof UNITS]
      return fragment(
        element('circle', { cx, cy, r: 17, fill: 'var(--ground)', stroke: 'var(--rule)' }),
        element(
          'text',
          { x: cx, y: cy + 5, 'text-anchor': 'middle', class: 'name', fill: 'var(--ink)' },
          name
        )
      )
    })
  ).text,
  handles: handlesOf(kept)
})

const heatMap = ({ theta: [a, b, d] }: Masked, form: string): View =>
  kernelOfTwo([a, b, d], ['x', 'x′'], {
    title: `The ${form} kernel`,
    describe: `Its entries are ${[a, b, d].map(fraction).join(', ')}.`,
    most: Math.max(a, d, 1e-9)
  })

const weights: Draw<State> = ({ kept, form }) => {
  const found = maskedBy(kept, form)
  const [a, b, d] = found.theta
  const count = kept.reduce((sum, one) => sum + one, 0)
  return {
    views: [networkView(kept), heatMap(found, form)],
    facts: [
      { name: 'count', label: 'weights kept', value: count },
      { name: 'theta11', label: 'Θ(x, x)', value: a, text: fraction(a), key: 'entry-11' },
      { name: 'theta12', label: 'Θ(x, x′)', value: b, text: fraction(b), key: 'entry-12' },
      { name: 'theta22', label: 'Θ(x′, x′)', value: d, text: fraction(d), key: 'entry-22' },
      { name: 'rank', label: 'rank', value: found.rank },
      {
        name: 'moved',
        label: 'masked training moves f(x) by',
        value: found.moved[0],
        text: `${showNumber(found.moved[0])} η`
      },
      {
        name: 'predicted',
        label: 'this kernel says',
        value: found.predicted[0],
        text: `${showNumber(found.predicted[0])} η`
      }
    ],
    say: `${count} weights are kept; the kernel is ${[a, b, d].map(fraction).join(', ')} and has rank ${found.rank}.`,
    executed: EXECUTED
  }
}

const SHAPES = ['64 × 24', '24 × 24', '24 × 24', '24 × 10'] as const

const densityView = ({ densities }: Layered): View => {
  const most = Math.max(...densities)
  return chart({
    title: 'How much of each layer is kept',
    describe: densities.map((share, l) => `layer ${l + 1}: ${showNumber(100 * share)} %`).join(', '),
    x: linearAxis({ domain: [0, most * 1.2], label: 'density', wanted: 3 }),
    y: (pixels) => ({
      scale: linearAxis({ domain: [3.6, -0.6], label: '' })(pixels).scale,
      ticks: SHAPES.map((text, value) => ({ value, text })),
      label: ''
    }),
    grid: 'x',
    size: [190, 180],
    marks: densities.map((share, l) =>
      share === 0
        ? ({ x, y }) =>
            element('text', { x: x(0) + 6, y: y(l) + 5, class: 'name', fill: 'var(--c5)' }, 'empty')
        : keyed(`layer-${l}`, `layer ${l + 1}: ${showNumber(100 * share)} %`, bar(l, share, MASKED))
    )
  })
}

const LEAST = 1e-5

const spectrumView = ({ spectrum }: Layered): View => {
  const rows = [
    { name: 'dense', key: 'dense', colour: DENSE, values: spectrum.dense },
    { name: 'under the mask', key: 'masked', colour: MASKED, values: spectrum.masked }
  ]
  const most = spectrum.dense[0]!
  return chart({
    title: 'The kernel’s eigenvalues, from the largest on',
    describe: rows
      .map(({ name, values }) => `${name}: ${values.slice(0, 3).map(showNumber).join(', ')} …`)
      .join('; '),
    x: linearAxis({ domain: [1, spectrum.dense.length], label: 'mode', wanted: 4, whole: true, inset: 4 }),
    y: logAxis({ domain: [most * LEAST, most * 2], label: '', wanted: 4 }),
    marks: rows.map(({ name, key, colour, values }) => {
      const seen = values
        .map((value, i) => [i + 1, value] as const)
        .filter(([, value]) => value > most * LEAST)
      return keyed(
        key,
        name,
        line(seen, colour, { width: 1.5 }),
        ...seen.map((at) => dot(at, colour, { radius: 2.5 }))
      )
    }),
    legend: rows.map(({ name, key, colour }) => ({ name, key, colour }))
  })
}

const layers: Draw<State> = ({ score, layers: allocation, density, seed }) => {
  const found = layeredBy(score, { density, layers: allocation, seed })
  return {
    views: [densityView(found), spectrumView(found)],
    facts: [
      { name: 'first', label: 'first layer', value: found.densities[0]!, key: 'layer-0' },
      { name: 'last', label: 'last layer', value: found.densities.at(-1)!, key: 'layer-3' },
      { name: 'empty', label: 'empty layers', value: found.empty },
      { name: 'distance', label: 'distance from the dense kernel', value: found.distance },
      { name: 'rank', label: 'effective rank', value: found.rank.masked, key: 'masked' },
      { name: 'denseRank', label: 'dense', value: found.rank.dense, key: 'dense' }
    ],
    say: `${found.empty} layers are empty; the kernel’s distance is ${showNumber(found.distance)}.`,
    executed: EXECUTED
  }
}

export const figures = { weights, layers }
