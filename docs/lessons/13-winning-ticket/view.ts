import type { Draw, View } from '../frame/lesson.js'
import { bar, chart, dot, keyed, line, linearAxis, showNumber } from '../frame/plots.js'
import type { State } from './lesson.js'
import { NOTHING_YET, RUNS, type Searched, searchOf, type Trained, trainingsOf } from './model.js'

const [KERNEL, OUTPUT] = ['var(--c2)', 'var(--c3)'] as const

const searchView = ({ history, before, after }: Searched, steps: number): View => {
  const terms = [
    { key: 'kernel', name: 'kernel', colour: KERNEL },
    { key: 'output', name: 'outputs', colour: OUTPUT }
  ] as const
  const ends = (key: 'kernel' | 'output') =>
    [
      { step: 0, at: before },
      { step: steps, at: after }
    ].flatMap(({ step, at }) => (at === undefined ? [] : [[step, at[key]] as const]))
  const most = Math.max(
    0.5,
    ...terms.flatMap(({ key }) => [
      ...history.map((event) => event[key]),
      ...ends(key).map(([, value]) => value)
    ])
  )
  return chart({
    title: 'Distance from the dense network: dots on unseen images, lines on each step’s own',
    describe: terms
      .map(
        ({ key, name }) =>
          `${name}: ${
            ends(key)
              .map(([, value]) => showNumber(value))
              .join(' → ') || 'not yet known'
          }`
      )
      .join('; '),
    x: linearAxis({ domain: [0, steps], label: 'steps of the search', wanted: 4, whole: true }),
    y: linearAxis({ domain: [0, most * 1.05], label: '', wanted: 4 }),
    size: [280, 190],
    marks: terms.map(({ key, name, colour }) =>
      keyed(
        key,
        name,
        line(
          history.map((event) => [event.step, event[key]]),
          colour,
          { width: 1.5 }
        ),
        ...ends(key).map((at) => dot(at, colour, { radius: 5 }))
      )
    ),
    legend: terms.map(({ key, name, colour }) => ({ key, name, colour }))
  })
}

const LOOKS: Readonly<Record<Trained['name'], { readonly name: string; readonly colour: string }>> = {
  dense: { name: 'dense', colour: 'var(--ink)' },
  order: { name: 'dense, other batches', colour: 'var(--quiet)' },
  start: { name: 'dense, other start', colour: 'var(--c7)' },
  ticket: { name: 'ticket', colour: 'var(--c1)' },
  score: { name: 'score', colour: 'var(--c4)' },
  random: { name: 'random', colour: 'var(--c5)' }
}

/** What each layer of weights is between. */
const LAYERS = ['64 × 64', '64 × 10'] as const

const densityView = ({ densities }: Searched, density: number): View => {
  const masks = (['score', 'ticket'] as const).flatMap((key) => {
    const shares = densities[key]
    return shares === undefined ? [] : [{ key, ...LOOKS[key], shares }]
  })
  const most = Math.max(2 * density, ...masks.flatMap(({ shares }) => shares))
  const says = masks.map(
    ({ name, shares }) =>
      `${name}: ${shares.map((share, l) => `${showNumber(Number((100 * share).toPrecision(3)))} % of ${LAYERS[l]!}`).join(', ')}`
  )
  return chart({
    title: 'How much of each layer is kept; dashed, of all weights',
    describe: says.join('; ') || 'not yet known',
    x: linearAxis({ domain: [0, Math.min(1, most * 1.1)], label: 'density', wanted: 3 }),
    y: (pixels) => ({
      scale: linearAxis({ domain: [1.6, -0.6], label: '' })(pixels).scale,
      ticks: LAYERS.map((text, value) => ({ value, text })),
      label: ''
    }),
    grid: 'x',
    size: [120, 190],
    marks: [
      ...masks.map(({ key, colour, shares }, i) =>
        keyed(
          key,
          says[i]!,
          ...shares.map((share, l) => bar(l + (i === 0 ? -0.18 : 0.18), share, colour, 24))
        )
      ),
      line(
        [
          [density, -0.6],
          [density, 1.6]
        ],
        'var(--ink)',
        { width: 1.5, dash: '4 4' }
      )
    ],
    legend: (['score', 'ticket'] as const).map((key) => ({ key, ...LOOKS[key] }))
  })
}

/** What the search does now. */
const stageOf = ({ executed, densities, before, after, history }: Searched, steps: number): string => {
  if (after !== undefined) return 'done'
  if (history.length === steps) return 'the ticket is measured'
  if (before !== undefined) return 'searching'
  if (densities.score !== undefined) return 'the score’s mask is measured'
  return executed === NOTHING_YET ? 'the engine is loaded' : 'each weight gets its score'
}

const search: Draw<State> = async function* ({ steps, ...ask }) {
  for await (const found of searchOf({ steps, ...ask })) {
    const { before, after, history, densities, executed } = found
    const fall = before === undefined || after === undefined ? 0 : 1 - after.kernel / before.kernel
    const stage = stageOf(found, steps)
    yield {
      views: [searchView(found, steps), densityView(found, ask.density)],
      facts: [
        {
          name: 'taken',
          label: 'steps',
          value: history.length,
          text: `${history.length} of ${steps}: ${stage}`
        },
        ...(densities.score === undefined
          ? []
          : [
              {
                name: 'scoreFirst',
                label: 'kept of the first layer, the score',
                value: densities.score[0]!,
                key: 'score'
              }
            ]),
        ...(before === undefined
          ? []
          : [{ name: 'before', label: 'kernel, the score', value: before.kernel, key: 'kernel' }]),
        ...(after === undefined
          ? []
          : [
              { name: 'after', label: 'kernel, the ticket', value: after.kernel, key: 'kernel' },
              {
                name: 'fall',
                label: 'it fell by',
                value: fall,
                text: `${showNumber(Math.round(100 * fall))} %`
              },
              {
                name: 'outputBefore',
                label: 'outputs, the score',
                value: before?.output ?? 0,
                key: 'output'
              },
              { name: 'outputAfter', label: 'outputs, the ticket', value: after.output, key: 'output' }
            ])
      ],
      say:
        after === undefined
          ? `${history.length} of ${steps} steps are taken: ${stage}.`
          : `The kernel’s distance fell by ${showNumber(Math.round(100 * fall))} per cent.`,
      executed,
      progress: after === undefined ? (0.95 * history.length) / steps : 1
    }
  }
}

const robustView = (runs: readonly Trained[], epochs: number): View =>
  chart({
    title: 'Correct under attack, of 200 test images',
    describe:
      runs.map(({ name, robust }) => `${LOOKS[name].name}: ${showNumber(robust.at(-1)!)}`).join(', ') ||
      'not yet known',
    x: linearAxis({ domain: [0, epochs], label: 'epochs', wanted: 4, whole: true }),
    y: linearAxis({ domain: [0, 1], label: '', wanted: 5 }),
    size: [205, 200],
    marks: runs.map(({ name, robust }) =>
      keyed(
        name,
        LOOKS[name].name,
        line(
          robust.map((share, epoch) => [epoch, share]),
          LOOKS[name].colour
        ),
        dot([robust.length - 1, robust.at(-1)!], LOOKS[name].colour)
      )
    ),
    legend: RUNS.map((key) => ({ key, ...LOOKS[key] }))
  })

const apartView = (runs: readonly Trained[], epochs: number): View => {
  const others = runs.filter(({ name, apart }) => name !== 'dense' && apart.length > 0)
  const most = Math.max(0.5, ...others.flatMap(({ apart }) => apart))
  return chart({
    title: 'How far the outputs are from those of the dense run',
    describe:
      others.map(({ name, apart }) => `${LOOKS[name].name}: ${showNumber(apart.at(-1)!)}`).join(', ') ||
      'not yet known',
    x: linearAxis({ domain: [0, epochs], label: 'epochs', wanted: 4, whole: true }),
    y: linearAxis({ domain: [0, most * 1.05], label: '', wanted: 4 }),
    size: [190, 200],
    marks: others.map(({ name, apart }) =>
      keyed(
        name,
        LOOKS[name].name,
        line(
          apart.map((value, t) => [((t + 1) * epochs) / apart.length, value]),
          LOOKS[name].colour
        ),
        dot([epochs, apart.at(-1)!], LOOKS[name].colour)
      )
    )
  })
}

const training: Draw<State> = async function* ({ epochs, ...ask }) {
  for await (const { runs, executed } of trainingsOf(ask, epochs)) {
    const isDone =
      runs.length === RUNS.length && runs.every(({ name, apart }) => name === 'dense' || apart.length > 0)
    const done = runs.filter(({ apart }) => apart.length > 0)
    yield {
      views: [robustView(runs, epochs), apartView(runs, epochs)],
      facts: [
        {
          name: 'trained',
          label: 'networks trained',
          value: done.length,
          text: `${done.length} of ${RUNS.length}`
        },
        ...done.map(({ name, robust }) => ({
          name: `${name}Robust`,
          label: `${LOOKS[name].name}, correct`,
          value: robust.at(-1)!,
          key: name
        })),
        ...done
          .filter(({ name }) => name !== 'dense')
          .map(({ name, apart }) => ({
            name: `${name}Apart`,
            label: `${LOOKS[name].name}, distance`,
            value: apart.at(-1)!,
            key: name
          }))
      ],
      say: `${done.length} of ${RUNS.length} networks are trained.`,
      executed,
      progress: isDone ? 1 : Math.max(0, runs.length - 0.5) / RUNS.length
    }
  }
}

export const figures = { search, training }
