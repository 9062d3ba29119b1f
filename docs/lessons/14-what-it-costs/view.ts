import type { Draw, Frame, View } from '../frame/lesson.js'
import { chart, dot, keyed, line, logAxis, showNumber } from '../frame/plots.js'
import { SIZES, type State } from './lesson.js'
import { byHand, type Comparison, comparisonOf, countedOf, METHODS, ORDERS, paceOf } from './model.js'

/** Operations, with their thousands apart. */
const counted = (operations: number): string => operations.toLocaleString('en')

const ORDER_LOOKS = {
  first: { name: 'Jacobians first', colour: 'var(--c5)' },
  path: { name: 'cheapest order', colour: 'var(--c2)' }
} as const

const grown = (
  state: State,
  over: 'outputs' | 'width',
  counts: Readonly<Record<(typeof ORDERS)[number], number>>
): View => {
  const sizes = SIZES[over]
  const heightsOf = (order: (typeof ORDERS)[number]) =>
    sizes.map((size) => [size, byHand[order]({ ...state, [over]: size })] as const)
  const all = ORDERS.flatMap((order) => heightsOf(order).map(([, height]) => height))
  return chart({
    title: `Operations as the ${over === 'width' ? 'width grows' : 'outputs grow'}`,
    describe: ORDERS.map(
      (order) =>
        `${ORDER_LOOKS[order].name}: ${heightsOf(order)
          .map(([size, height]) => `${counted(height)} at ${size}`)
          .join(', ')}`
    ).join('; '),
    x: logAxis({ domain: [sizes[0] / 1.2, sizes.at(-1)! * 1.2], label: over, wanted: 4 }),
    y: logAxis({ domain: [Math.min(...all) / 2, Math.max(...all) * 2], label: '', wanted: 4 }),
    marks: ORDERS.map((order) =>
      keyed(
        order,
        `${ORDER_LOOKS[order].name}: ${counted(counts[order])}`,
        line(heightsOf(order), ORDER_LOOKS[order].colour, { width: 1.5 }),
        dot([state[over], counts[order]], ORDER_LOOKS[order].colour, { radius: 6 })
      )
    ),
    legend: ORDERS.map((order) => ({ key: order, ...ORDER_LOOKS[order] }))
  })
}

function* orders(state: State): Generator<Frame> {
  const { first, path, program } = countedOf(state)
  const counts = { first: first.flops, path: path.flops }
  const ratio = first.flops / path.flops
  yield {
    views: [grown(state, 'outputs', counts), grown(state, 'width', counts)],
    code: program,
    facts: [
      {
        name: 'first',
        label: 'Jacobians first',
        value: first.flops,
        text: counted(first.flops),
        key: 'first'
      },
      { name: 'path', label: 'cheapest order', value: path.flops, text: counted(path.flops), key: 'path' },
      { name: 'ratio', label: 'times fewer', value: ratio, text: showNumber(Number(ratio.toPrecision(3))) },
      { name: 'firstBytes', label: 'bytes, Jacobians first', value: first.bytes, text: counted(first.bytes), key: 'first' }, // prettier-ignore
      { name: 'pathBytes', label: 'bytes, cheapest order', value: path.bytes, text: counted(path.bytes), key: 'path' } // prettier-ignore
    ],
    say: `The cheapest order needs ${counted(path.flops)} operations, Jacobians first ${counted(first.flops)}.`,
    executed: 'the compiler, which counts and runs nothing here'
  }
}

const LOOKS = {
  contracted: { name: 'contracted', colour: 'var(--c2)' },
  vectorProduct: { name: 'vectorProduct', colour: 'var(--c1)' },
  jacobian: { name: 'jacobian', colour: 'var(--c5)' }
} as const

const isAt = (a: State, b: State): boolean =>
  a.inputs === b.inputs && a.outputs === b.outputs && a.width === b.width

const milliseconds = (time: number): string => `${showNumber(Number(time.toPrecision(2)))} ms`

const hereView = ({ predicted, measured }: Comparison, state: State): View => {
  const pace = paceOf(measured)
  const rows = METHODS.map((method) => ({
    method,
    expected: predicted[method] * pace,
    time: measured.find((one) => one.method === method && isAt(one.state, state))?.time
  }))
  const times = rows.flatMap(({ expected, time }) => (time === undefined ? [expected] : [expected, time]))
  const says = rows.map(
    ({ method, expected, time }) =>
      `${method}: predicted ${milliseconds(expected)}, ${time === undefined ? 'not yet measured' : `measured ${milliseconds(time)}`}`
  )
  return chart({
    title: 'At this size: predicted (rings) and measured (dots)',
    describe: says.join('; '),
    x: logAxis({ domain: [Math.min(...times) / 1.6, Math.max(...times) * 1.6], label: 'milliseconds', wanted: 4 }), // prettier-ignore
    y: (pixels) => ({
      scale: (row) => pixels[1] + ((row + 0.6) / METHODS.length) * (pixels[0] - pixels[1]),
      ticks: METHODS.map((text, value) => ({ value, text })),
      label: ''
    }),
    grid: 'x',
    size: [136, 150],
    marks: rows.map(({ method, expected, time }, row) =>
      keyed(
        method,
        says[row]!,
        dot([expected, row], LOOKS[method].colour, { radius: 8, open: true }),
        ...(time === undefined ? [] : [dot([time, row], LOOKS[method].colour, { radius: 4 })])
      )
    )
  })
}

/** The lines that a picture of all sizes spans, in operations. */
const DOMAIN = [1e4, 2e9] as const

const cloudView = ({ measured }: Comparison, state: State): View => {
  const pace = paceOf(measured)
  const heights = [...measured.map(({ time }) => time), pace * DOMAIN[0], pace * DOMAIN[1]]
  return chart({
    title: 'Every size so far: measured over predicted; on the line all have one speed',
    describe: `${measured.length} kernels, at about ${showNumber(Number((1e-6 / pace).toPrecision(2)))} operations a nanosecond.`,
    x: logAxis({ domain: DOMAIN, label: 'predicted operations', wanted: 4 }),
    y: logAxis({ domain: [Math.min(...heights), Math.max(...heights)], label: 'ms', wanted: 4 }),
    marks: [
      line(
        DOMAIN.map((x) => [x, pace * x]),
        'var(--quiet)',
        { width: 1.5, dash: '4 4' }
      ),
      ...measured.map((one) =>
        keyed(
          one.method,
          `${one.method}, N = ${one.state.inputs}, O = ${one.state.outputs}, W = ${one.state.width}: ${milliseconds(one.time)}`,
          dot([one.predicted, one.time], LOOKS[one.method].colour, { radius: isAt(one.state, state) ? 6 : 3 })
        )
      )
    ],
    legend: METHODS.map((method) => ({ key: method, ...LOOKS[method] }))
  })
}

async function* methods(state: State): AsyncGenerator<Frame> {
  for await (const found of comparisonOf(state)) {
    const { predicted, chosen, measured, executed } = found
    const done = measured.filter((one) => isAt(one.state, state)).length
    const ratio = predicted.jacobian / predicted.contracted
    yield {
      views: [hereView(found, state), cloudView(found, state)],
      facts: [
        ...METHODS.map((method) => ({
          name: method,
          label: `predicted, ${method}`,
          value: predicted[method],
          text: counted(predicted[method]),
          key: method
        })),
        { name: 'ratio', label: 'jacobian / contracted', value: ratio },
        { name: 'chosen', label: 'auto takes', value: METHODS.indexOf(chosen), text: chosen, key: chosen }
      ],
      say: `${done} of ${METHODS.length} methods are measured; auto takes ${chosen}.`,
      executed,
      progress: done / METHODS.length
    }
  }
}

export const figures: { readonly orders: Draw<State>; readonly methods: Draw<State> } = { orders, methods }
