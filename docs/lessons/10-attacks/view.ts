import type { Draw, View } from '../frame/lesson.js'
import {
  chart,
  dot,
  element,
  fragment,
  keyed,
  line,
  linearAxis,
  type Mark,
  pointHandle,
  showNumber
} from '../frame/plots.js'
import { digits, EXECUTED, FGSM, PGD } from './digits-view.js'
import type { State } from './lesson.js'
import { attacksOn, classOf, type Point, preferences, restartsOn, SIDE, type Walk } from './model.js'

const CLASSES = ['var(--c1)', 'var(--c4)'] as const
const NORMS = { linf: 'L∞', l2: 'L2', l1: 'L1' } as const

const pointOf = ({ at }: State): Point => [at[0]!, at[1]!]

/** What the network says everywhere: a colour for its class, stronger where it is surer. */
const regions: Mark = ({ x, y }) => {
  const wide = (x(1) - x(0)) / SIDE
  const levelOf = (value: number): number => Math.sign(value) * (Math.abs(value) > 3 ? 2 : 1)
  const all = preferences().map(levelOf)
  const runs = Array.from({ length: SIDE }, (_, row) => {
    const own = all.slice(row * SIDE, (row + 1) * SIDE)
    const starts = own.flatMap((level, i) => (i === 0 || own[i - 1] !== level ? [i] : []))
    return starts.map((start, i) => ({ row, start, end: starts[i + 1] ?? SIDE, level: own[start]! }))
  }).flat()
  return fragment(
    ...runs.map(({ row, start, end, level }) =>
      element('rect', {
        x: (x(0) + start * wide).toFixed(1),
        y: (y(1) + row * wide).toFixed(1),
        width: ((end - start) * wide).toFixed(1),
        height: wide.toFixed(1),
        'shape-rendering': 'crispEdges',
        fill: CLASSES[level > 0 ? 1 : 0],
        'fill-opacity': Math.abs(level) === 2 ? 0.42 : 0.22
      })
    )
  )
}

const CORNERS = { linf: [[1, 1], [-1, 1], [-1, -1], [1, -1]], l1: [[1, 0], [0, 1], [-1, 0], [0, -1]] } as const // prettier-ignore

/** The edge of the ball, and that of the box. */
const bounds = ({ norm, epsilon, at }: State): readonly Mark[] => {
  const around =
    norm === 'l2'
      ? Array.from({ length: 49 }, (_, i): Point => [
          Math.cos((i * Math.PI) / 24),
          Math.sin((i * Math.PI) / 24)
        ])
      : [...CORNERS[norm], CORNERS[norm][0]]
  return [
    line([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]], 'var(--ink)', { width: 1 }), // prettier-ignore
    line(
      around.map(([u, v]) => [at[0]! + epsilon * u, at[1]! + epsilon * v]),
      'var(--ink)',
      { width: 1.5, dash: '5 3' }
    )
  ]
}

const DOMAIN = [-0.06, 1.06] as const

/** The plane with what is drawn on it. */
const planeView = (state: State, view: Pick<View, 'title' | 'describe' | 'legend'>, ...marks: Mark[]): View =>
  chart({
    ...view,
    x: linearAxis({ domain: DOMAIN, label: 'first feature', wanted: 4 }),
    y: linearAxis({ domain: DOMAIN, label: 'second feature', wanted: 4 }),
    grid: 'none',
    size: [206, 206],
    marks: [regions, ...bounds(state), ...marks],
    handles: (area) => [
      pointHandle(area, {
        control: 'at',
        label: 'x',
        value: state.at,
        domain: DOMAIN,
        colour: CLASSES[classOf(pointOf(state))]
      })
    ]
  })

const trail = ({ points, end }: Walk, colour: string): readonly Mark[] => [
  line(points, colour, { width: 2 }),
  ...points.slice(1).map((at) => dot(at, colour, { radius: 2.5 })),
  dot(end, colour, { radius: 5 })
]

const axisOfLoss = (most: number) =>
  linearAxis({ domain: [0, Math.max(1, most) * 1.08], label: 'loss', wanted: 4 })

const lossView = ({ fgsm, pgd }: { fgsm: Walk; pgd: Walk }, steps: number): View =>
  chart({
    title: 'The loss along each path; above the dashed line the network is wrong',
    describe: `It starts at ${showNumber(pgd.losses[0]!)}; FGSM reaches ${showNumber(fgsm.loss)}, PGD ${showNumber(pgd.loss)}.`,
    x: linearAxis({ domain: [0, steps], label: 'steps', wanted: 4, whole: true, inset: 6 }),
    y: axisOfLoss(Math.max(...pgd.losses, ...fgsm.losses)),
    size: [200, 206],
    marks: [
      line([[0, Math.LN2], [steps, Math.LN2]], 'var(--quiet)', { width: 1, dash: '4 3' }), // prettier-ignore
      keyed(
        'fgsm',
        `FGSM: ${showNumber(fgsm.loss)}`,
        line(fgsm.losses.map((loss, i) => [i, loss]), FGSM), // prettier-ignore
        dot([1, fgsm.loss], FGSM, { radius: 5 })
      ),
      keyed(
        'pgd',
        `PGD: ${showNumber(pgd.loss)}`,
        line(pgd.losses.map((loss, i) => [i, loss]), PGD), // prettier-ignore
        ...pgd.losses.map((loss, i) => dot([i, loss], PGD, { radius: loss === pgd.loss ? 5 : 2.5 }))
      )
    ],
    legend: [
      { name: 'FGSM', colour: FGSM, key: 'fgsm' },
      { name: 'PGD', colour: PGD, key: 'pgd' }
    ]
  })

const path: Draw<State> = (state) => {
  const at = pointOf(state)
  const both = attacksOn(state, at)
  const { fgsm, pgd } = both
  const wrong = (walk: Walk): string => (walk.fooled ? 'wrong' : 'right')
  return {
    views: [
      planeView(
        state,
        {
          title: `The network’s classes, and the ${NORMS[state.norm]} ball of the example`,
          describe: `The example is at ${at.join(', ')}, of class ${classOf(at)}. FGSM ends at ${fgsm.end.map(showNumber).join(', ')}, PGD at ${pgd.end.map(showNumber).join(', ')}.`,
          legend: [
            { name: 'class 0', colour: CLASSES[0] },
            { name: 'class 1', colour: CLASSES[1] }
          ]
        },
        keyed('fgsm', 'FGSM', ...trail(fgsm, FGSM)),
        keyed('pgd', 'PGD', ...trail(pgd, PGD))
      ),
      lossView(both, state.steps)
    ],
    facts: [
      { name: 'clean', label: 'loss at x', value: pgd.losses[0]! },
      { name: 'fgsm', label: 'after FGSM', value: fgsm.loss, key: 'fgsm' },
      { name: 'pgd', label: 'after PGD', value: pgd.loss, key: 'pgd' },
      {
        name: 'fgsmFooled',
        label: 'the network after FGSM',
        value: Number(fgsm.fooled),
        text: wrong(fgsm),
        key: 'fgsm'
      },
      {
        name: 'pgdFooled',
        label: 'the network after PGD',
        value: Number(pgd.fooled),
        text: wrong(pgd),
        key: 'pgd'
      }
    ],
    say: `After FGSM the network is ${wrong(fgsm)}, after PGD ${wrong(pgd)}.`,
    executed: EXECUTED
  }
}

const restarts: Draw<State> = (state) => {
  const runs = restartsOn(state, pointOf(state), state.restarts, state.seed)
  const losses = runs.map(({ loss }) => loss)
  const [best, worst] = [Math.max(...losses), Math.min(...losses)]
  const near = losses.filter((loss) => loss > best - 0.05).length
  const colourOf = ({ loss }: Walk): string => (loss > best - 0.05 ? PGD : 'var(--ink)')
  return {
    views: [
      planeView(
        state,
        {
          title: 'Where the runs go; the strongest are red',
          describe: `${runs.length} runs end at losses from ${showNumber(worst)} to ${showNumber(best)}.`
        },
        ...runs.map((run, i) =>
          keyed(
            `run-${i}`,
            `run ${i + 1}: ${showNumber(run.loss)}`,
            line(run.points, colourOf(run), { width: 1.5 }),
            dot(run.points[0]!, colourOf(run), { radius: 3, open: true }),
            dot(run.end, colourOf(run), { radius: 4.5 })
          )
        )
      ),
      chart({
        title: 'The loss of each run',
        describe: losses.map(showNumber).join(', '),
        x: linearAxis({ domain: [0.4, runs.length + 0.6], label: 'run', wanted: 4, whole: true }),
        y: axisOfLoss(best),
        size: [200, 206],
        marks: [
          line([[0.4, Math.LN2], [runs.length + 0.6, Math.LN2]], 'var(--quiet)', { width: 1, dash: '4 3' }), // prettier-ignore
          ...runs.map((run, i) =>
            keyed(
              `run-${i}`,
              `run ${i + 1}: ${showNumber(run.loss)}`,
              line([[i + 1, 0], [i + 1, run.loss]], colourOf(run), { width: 2 }), // prettier-ignore
              dot([i + 1, run.loss], colourOf(run))
            )
          )
        ]
      })
    ],
    facts: [
      { name: 'first', label: 'loss of the first run', value: losses[0]! },
      { name: 'worst', label: 'weakest run', value: worst },
      { name: 'best', label: 'strongest run', value: best },
      { name: 'near', label: 'runs that reach it', value: near, text: `${near} of ${runs.length}` }
    ],
    say: `${near} of ${runs.length} runs reach the largest loss, ${showNumber(best)}.`,
    executed: EXECUTED
  }
}

export const figures = { path, restarts, digits }
