import type { Draw, Frame, View } from '../frame/lesson.js'
import { band, chart, dot, keyed, line, linearAxis, type Mark, showNumber } from '../frame/plots.js'
import type { State } from './lesson.js'
import {
  type Band,
  bandOfMembers,
  distance,
  ensemble as trained,
  grid,
  places,
  targetsOf,
  theory
} from './model.js'

const [NTK, BAYES, MEMBERS, DATA] = ['var(--c5)', 'var(--c2)', 'var(--c1)', 'var(--ink)'] as const

type Point = readonly [number, number]

/** The functions that are drawn before training, and after it. */
const [PRIOR, POSTERIOR] = [[-4, 4] as const, [-2, 3.5] as const]

const along = (values: readonly number[], [low, high]: Point): readonly Point[] =>
  values.map((value, i) => [grid[i]!, Math.min(high, Math.max(low, value))])

/** Mean and two deviations to both sides. */
const bandMarks = ({ mean, deviation }: Band, colour: string, range: Point = POSTERIOR): readonly Mark[] => {
  const edge = (sign: 1 | -1): readonly Point[] =>
    along(
      mean.map((value, i) => value + 2 * sign * deviation[i]!),
      range
    )
  return [
    band(edge(-1), edge(1), colour),
    line(edge(-1), colour, { width: 1 }),
    line(edge(1), colour, { width: 1 }),
    line(along(mean, range), colour)
  ]
}

const dataMark = (noise: number): Mark =>
  keyed('data', 'the data', ...targetsOf(noise).map((y, i) => dot([places[i]!, y], DATA, { radius: 5 })))

const axes = { x: linearAxis({ domain: [-1.5, 1.5], label: 'x', wanted: 4 }), grid: 'y' } as const

const functionsView = (
  title: string,
  describe: string,
  marks: readonly Mark[],
  legend: View['legend'],
  domain: Point = POSTERIOR
): View =>
  chart({
    ...axes,
    title,
    describe,
    y: linearAxis({ domain, label: '', wanted: 4 }),
    marks,
    ...(legend && { legend })
  })

const NAMES = [
  { name: 'trained, by Θ and K', colour: NTK, key: 'ntk' },
  { name: 'Bayes’ rule, by K', colour: BAYES, key: 'bayes' }
] as const

/** The deviations of some bands over x. */
const deviationsView = (
  bands: readonly (readonly [
    row: { readonly name: string; readonly colour: string; readonly key: string },
    band: Band
  ])[]
): View =>
  chart({
    ...axes,
    title: 'The deviations alone',
    describe: bands
      .map(([{ name }, { deviation }]) => `${name}: ${showNumber(Math.max(...deviation))} at most`)
      .join('; '),
    y: linearAxis({ domain: [0, 1.2], label: '', wanted: 4 }),
    marks: bands.map(([{ name, colour, key }, { deviation }]) =>
      keyed(key, name, line(along(deviation, [0, 1.2]), colour))
    ),
    legend: bands.map(([row]) => row)
  })

/** The place of the grid at an x. */
const at = (x: number): number => grid.findIndex((one) => Math.abs(one - x) < 1 / 32)

function* theories(state: State): Generator<Frame> {
  const { prior, trained: ntk, bayes } = theory(state.noise)
  yield {
    views: [
      functionsView(
        'Before training, mean ± 2 deviations',
        `The deviation at 0 is ${showNumber(prior.deviation[at(0)]!)}.`,
        [...bandMarks(prior, MEMBERS, PRIOR), dataMark(state.noise)],
        [{ name: 'K alone', colour: MEMBERS }],
        PRIOR
      ),
      functionsView(
        'After 400 steps, and by Bayes’ rule',
        'Both bands close at the data and open away from them.',
        [
          keyed('bayes', NAMES[1].name, ...bandMarks(bayes, BAYES)),
          keyed('ntk', NAMES[0].name, ...bandMarks(ntk, NTK)),
          dataMark(state.noise)
        ],
        NAMES
      ),
      deviationsView([[NAMES[0], ntk], [NAMES[1], bayes]]) // prettier-ignore
    ],
    facts: [
      { name: 'prior', label: 'deviation at 0 before', value: prior.deviation[at(0)]! },
      { name: 'atData', label: 'at x = 0.5 after', value: ntk.deviation[at(0.5)]!, key: 'ntk' },
      { name: 'farNtk', label: 'at x = 1.5, trained', value: ntk.deviation.at(-1)!, key: 'ntk' },
      { name: 'farBayes', label: 'at x = 1.5, Bayes', value: bayes.deviation.at(-1)!, key: 'bayes' },
      { name: 'apart', label: 'distance of the bands', value: distance(ntk, bayes) }
    ],
    say: `At 1.5 the deviation is ${showNumber(ntk.deviation.at(-1)!)} after training and ${showNumber(bayes.deviation.at(-1)!)} by Bayes’ rule.`,
    executed: 'the evaluator in float64'
  }
}

async function* ensemble(state: State): AsyncGenerator<Frame> {
  const { trained: ntk, bayes } = theory(state.noise)
  const functions: (readonly number[])[] = []
  const row = { name: 'the networks', colour: MEMBERS, key: 'members' } as const
  for await (const member of trained(state, state.count)) {
    functions.push(member)
    const found = bandOfMembers(functions)
    yield {
      views: [
        functionsView(
          'Each network, and the band of the NTK',
          `${functions.length} networks of width ${state.width}.`,
          [
            keyed('ntk', NAMES[0].name, ...bandMarks(ntk, NTK)),
            keyed(
              'members',
              row.name,
              ...functions.map((values) =>
                line(along(values, POSTERIOR), MEMBERS, { width: 1, opacity: 0.55 })
              )
            ),
            dataMark(state.noise)
          ],
          [row, NAMES[0]]
        ),
        deviationsView([[row, found], [NAMES[0], ntk], [NAMES[1], bayes]]) // prettier-ignore
      ],
      facts: [
        { name: 'count', label: 'networks', value: functions.length, key: 'members' },
        { name: 'far', label: 'deviation at x = 1.5', value: found.deviation.at(-1)!, key: 'members' },
        { name: 'toNtk', label: 'distance to the NTK’s', value: distance(found, ntk), key: 'ntk' },
        { name: 'toBayes', label: 'distance to Bayes’', value: distance(found, bayes), key: 'bayes' }
      ],
      say: `The deviations of ${functions.length} networks are ${showNumber(distance(found, ntk))} from those of the NTK and ${showNumber(distance(found, bayes))} from Bayes’.`,
      executed: 'the engine reference in float64',
      progress: functions.length / state.count
    }
  }
}

export const figures: { readonly theories: Draw<State>; readonly ensemble: Draw<State> } = {
  theories,
  ensemble
}
