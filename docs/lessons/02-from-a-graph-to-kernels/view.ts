import type { Draw, Frame, View } from '../frame/lesson.js'
import { chart, element, keyed, linearAxis, type Mark, showNumber } from '../frame/plots.js'
import type { State } from './lesson.js'
import { runOn, stagesOf } from './model.js'

/** Some values as bars with names. */
const barsView = (
  title: string,
  rows: readonly { readonly name: string; readonly value: number; readonly colour: string }[],
  unit: string
): View => {
  const most = Math.max(...rows.map(({ value }) => value), 1e-9)
  const bar =
    (row: number, value: number, fill: string): Mark =>
    ({ x, y }) =>
      element('rect', { x: x(0), y: y(row) - 12, width: Math.max(1, x(value) - x(0)), height: 24, fill })
  return chart({
    title,
    describe: rows.map(({ name, value }) => `${name}: ${showNumber(value)}`).join('; '),
    x: linearAxis({ domain: [0, most * 1.05], label: unit, wanted: 3 }),
    y: (pixels) => ({
      scale: linearAxis({ domain: [rows.length - 0.4, -0.6], label: '' })(pixels).scale,
      ticks: rows.map(({ name }, value) => ({ value, text: name })),
      label: ''
    }),
    grid: 'x',
    size: [190, 40 * rows.length],
    marks: rows.map(({ name, value, colour }, i) =>
      keyed(name, `${name}: ${showNumber(value)} ${unit}`, bar(i, value, colour))
    )
  })
}

const COLOURS = ['var(--c1)', 'var(--c2)', 'var(--c4)', 'var(--c5)', 'var(--c3)', 'var(--c6)'] as const

function* kernels(state: State): Generator<Frame> {
  const { optimised, cost, program } = stagesOf(state)
  const { kernels: sources, calls, buffers, peakBytes } = program
  yield {
    views: [
      barsView(
        'Calls, and the bytes that each reads and writes',
        calls.map(({ kernel, bytes }, i) => ({
          name: `${i + 1}: ${kernel.name}`,
          value: bytes / 1000,
          colour: COLOURS[i % COLOURS.length]!
        })),
        'kB'
      ),
      barsView(
        'Buffers, and how large they are',
        buffers.map(({ name, bytes }, i) => ({
          name,
          value: bytes / 1000,
          colour: COLOURS[i % COLOURS.length]!
        })),
        'kB'
      )
    ],
    code: sources.map(({ name, source }) => `// ${name}\n${source}`).join('\n\n'),
    facts: [
      { name: 'calls', label: 'calls', value: calls.length },
      { name: 'kernels', label: 'kernels', value: sources.length },
      { name: 'buffers', label: 'buffers', value: buffers.length },
      { name: 'peak', label: 'most bytes at once', value: peakBytes },
      { name: 'flops', label: 'operations', value: cost.flops },
      { name: 'outputs', label: 'results', value: optimised.outputs.length }
    ],
    say: `${calls.length} calls of ${sources.length} kernels.`,
    executed: `the compiler of gpujs:${state.backend}, which runs nothing here`
  }
}

async function* run(state: State): AsyncGenerator<Frame> {
  const { executed, error, times } = await runOn(state)
  yield {
    views: [
      barsView(
        'Time of a run, median of 7',
        [
          { name: 'reference', value: times.reference, colour: COLOURS[3] },
          {
            name: state.engine === 'rounded' ? 'rounded' : executed,
            value: times.backend,
            colour: COLOURS[0]
          }
        ],
        'ms'
      )
    ],
    facts: [
      { name: 'error', label: 'largest error, relative', value: error },
      {
        name: 'digits',
        label: 'correct digits',
        value: Math.floor(-10 * Math.log10(Math.max(error, 1e-17))) / 10
      }
    ],
    say: `The largest error is ${showNumber(error)} of the largest value.`,
    executed
  }
}

export const figures: { readonly kernels: Draw<State>; readonly run: Draw<State> } = { kernels, run }
