import type { Draw, View } from '../frame/lesson.js'
import { chart, dot, element, fragment, keyed, line, logAxis, showNumber } from '../frame/plots.js'
import type { State } from './lesson.js'
import { derivativesOf, differencesOf, forwardOf, reverseOf, type Row } from './model.js'

const EXECUTED = 'the evaluator in float64'
const [PRIMAL, LINEAR] = ['var(--c1)', 'var(--c4)'] as const
const [LINE, LEFT, WIDTH] = [34, 62, 300] as const

const pointOf = ({ x1, x2 }: State) => [x1, x2] as const

/** What the sums of products with few letters are called. */
const CONTRACTIONS: Readonly<Record<string, string>> = {
  'contract a,a->a': 'product',
  'contract ,a->a': 'product',
  'contract ,->': 'product',
  'contract a,a->': 'product, summed',
  'contract a->': 'sum',
  'contract ->a': 'copy',
  'contract a->b': 'sum, copied'
}

/** Inputs of the graph by what they are called in the text, and the others by what they do. */
const named = (rows: readonly Row[], names: readonly string[]): readonly string[] => {
  let inputs = 0
  return rows.map(({ name }) =>
    name === 'input' ? (names[inputs++] ?? name) : (CONTRACTIONS[name] ?? name.replaceAll(/ \[|\]/g, ' '))
  )
}

/** How many nodes are linear in what is pushed or pulled, beside that itself. */
const linearNodes = (rows: readonly Row[]): number =>
  rows.filter(({ name, isLinear }) => isLinear && name !== 'input').length

const shown = (values: readonly number[]): string =>
  values.length === 1 ? showNumber(values[0]!) : `(${values.map(showNumber).join(', ')})`

/** A graph from its inputs down: a line for each node with its value, an arc from each node to those that use it. */
const graphView = (title: string, rows: readonly Row[], names: readonly string[]): View => {
  const texts = named(rows, names)
  const y = (row: number): number => 18 + row * LINE
  const arc = (from: number, to: number): string => {
    const reach = Math.min(LEFT - 6, 10 + 9 * (to - from))
    return `M${LEFT - 4} ${y(from)}C${LEFT - 4 - reach} ${y(from)} ${LEFT - 4 - reach} ${y(to)} ${LEFT - 4} ${y(to)}`
  }
  return {
    title,
    describe: rows
      .map(({ inputs, value }, i) => {
        const from = inputs.map((input) => texts[input]!).join(' and ')
        return `${texts[i]!}${from === '' ? '' : ` of ${from}`} = ${shown(value)}`
      })
      .join('; '),
    width: WIDTH,
    height: y(rows.length - 1) + 22,
    body: fragment(
      ...rows.map(({ inputs, value, isLinear, key }, i) => {
        const colour = isLinear ? LINEAR : PRIMAL
        return element(
          'g',
          { 'data-key': key },
          element('rect', {
            x: LEFT - 10,
            y: y(i) - 16,
            width: WIDTH - LEFT,
            height: LINE - 2,
            fill: 'transparent'
          }),
          ...inputs.map((input) =>
            element('path', {
              d: arc(input, i),
              fill: 'none',
              stroke: colour,
              'stroke-width': 1.5,
              'stroke-opacity': 0.7
            })
          ),
          element('circle', { cx: LEFT, cy: y(i), r: 4.5, fill: colour }),
          element('text', { class: 'name', x: LEFT + 12, y: y(i) + 4, fill: colour }, texts[i]!),
          element('text', { x: WIDTH, y: y(i) + 4, 'text-anchor': 'end' }, shown(value))
        )
      })
    ).text,
    legend: [
      { name: 'depends on x alone', colour: PRIMAL },
      ...(rows.some(({ isLinear }) => isLinear)
        ? [{ name: `linear in ${names[1] ?? ''}`, colour: LINEAR }]
        : [])
    ]
  }
}

const forward: Draw<State> = (state) => {
  const x = pointOf(state)
  const graphs = forwardOf(state.f, x, [1, 0])
  const { value, forward: along } = derivativesOf(state.f, x)
  return {
    views: [
      graphView('The graph of f', graphs.function, ['x']),
      graphView('ẋ ↦ J ẋ, here with ẋ = (1, 0)', graphs.linear, ['x', 'ẋ'])
    ],
    facts: [
      { name: 'value', label: 'f(x)', value },
      { name: 'forward1', label: 'J (1, 0)', value: along[0]! },
      { name: 'forward2', label: 'J (0, 1)', value: along[1]! },
      { name: 'linear', label: 'nodes linear in ẋ', value: linearNodes(graphs.linear) }
    ],
    say: `f is ${showNumber(value)}; J times the unit vectors is ${along.map(showNumber).join(' and ')}.`,
    executed: EXECUTED
  }
}

const reverse: Draw<State> = (state) => {
  const x = pointOf(state)
  const { transposed, optimised } = reverseOf(state.f, x)
  const [first, second] = derivativesOf(state.f, x).gradient
  return {
    views: [
      graphView('ȳ ↦ Jᵀ ȳ, here with ȳ = 1', transposed, ['x', 'ȳ']),
      graphView('The gradient, optimised', optimised, ['x'])
    ],
    facts: [
      { name: 'gradient1', label: '∂f/∂x₁', value: first! },
      { name: 'gradient2', label: '∂f/∂x₂', value: second! },
      { name: 'linear', label: 'nodes linear in ȳ', value: linearNodes(transposed) },
      { name: 'traced', label: 'all nodes', value: transposed.length },
      { name: 'optimised', label: 'optimised', value: optimised.length }
    ],
    say: `The gradient is ${showNumber(first!)} and ${showNumber(second!)}, from one run.`,
    executed: EXECUTED
  }
}

const [LEAST, MOST] = [1e-13, 10] as const
const KINDS = [
  { kind: 'oneSided', name: '(f(x + h) − f(x)) / h', colour: 'var(--c5)' },
  { kind: 'central', name: '(f(x + h) − f(x − h)) / 2h', colour: 'var(--c2)' }
] as const

const differences: Draw<State> = (state) => {
  const x = pointOf(state)
  const found = differencesOf(state.f, x)
  const [exact] = derivativesOf(state.f, x).gradient
  const best = KINDS.map(({ kind }) => found.reduce((least, one) => (one[kind] < least[kind] ? one : least)))
  const view = chart({
    title: 'Error of the quotient for ∂f/∂x₁, over its step h',
    describe: KINDS.map(
      ({ kind, name }, i) =>
        `${name} is best at h = ${showNumber(best[i]!.h)}, with error ${showNumber(best[i]![kind])}`
    ).join('; '),
    x: logAxis({ domain: [1e-13, 0.1], label: 'step h', wanted: 5 }),
    y: logAxis({ domain: [LEAST, MOST], label: 'error', wanted: 6 }),
    size: [300, 220],
    marks: KINDS.map(({ kind, name, colour }) => {
      const seen = found.map((one) => [one.h, Math.min(MOST, Math.max(LEAST, one[kind]))] as const)
      return keyed(kind, name, line(seen, colour), ...seen.map((at) => dot(at, colour, { radius: 2.5 })))
    }),
    legend: KINDS.map(({ kind, name, colour }) => ({ name, colour, key: kind }))
  })
  return {
    views: [view],
    facts: [
      { name: 'exact', label: '∂f/∂x₁, reverse mode', value: exact! },
      { name: 'bestOneSided', label: 'least error, one-sided', value: best[0]!.oneSided, key: 'oneSided' },
      { name: 'bestStep', label: 'at h', value: best[0]!.h, key: 'oneSided' },
      { name: 'bestCentral', label: 'least error, central', value: best[1]!.central, key: 'central' },
      { name: 'smallest', label: 'error at h = 10⁻¹³', value: found.at(-1)!.central, key: 'central' }
    ],
    say: `The best one-sided quotient is off by ${showNumber(best[0]!.oneSided)}, the best central one by ${showNumber(best[1]!.central)}.`,
    executed: EXECUTED
  }
}

export const figures = { forward, reverse, differences }
