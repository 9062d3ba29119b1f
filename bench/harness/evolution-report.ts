import type * as E from 'fp-ts/lib/Either.js'
import { plot, type TangentError } from '../../lib/index.js'
import { deviation, type Estimate, estimate } from '../../lib/report/estimate.js'
import { overDraws, showHalf, showInterval } from './estimates.js'
import { type Accuracy, type Draw, setting, times, type Training, trainings, warmUps } from './evolution.js'
import type { Along } from './kernels-along.js'
import { markdownTable } from './table.js'

// What the draws of harness/evolution.ts say, as the tables, the sentences and the figures of docs/ntk.md.

type Draws = readonly Draw[]

/** The times of the tables, in epochs. */
const SHOWN = [0, 0.1, 0.5, 1, 2, 3, 5, 10, 20]

type Column = readonly [head: string, places: number, of: (draw: Draw, at: number) => number]

const both = (head: string, places: number, measure: keyof Along, factor = 1): readonly Column[] =>
  trainings.map((training) => [
    `${head}: ${training}`,
    places,
    (draw, at) => factor * draw.along[training][measure][at]!
  ])

const kernelTable = (draws: Draws, epochs: readonly number[], columns: readonly Column[]): string =>
  markdownTable(
    ['epochs', ...columns.map(([head]) => head)],
    epochs.map((epoch) => [
      `${epoch}`,
      ...columns.map(([, places, of]) =>
        showHalf(
          places,
          overDraws(draws, (draw) => of(draw, times.indexOf(epoch)))
        )
      )
    ])
  )

const MOVED: readonly Column[] = [
  ...both('drift', 2, 'drift'),
  ...both('turn', 3, 'turn'),
  ['apart: other batches', 3, ({ order }, at) => order[at]!],
  ['apart: attack', 3, ({ apart }, at) => apart[at]!]
]

const SHAPE: readonly Column[] = [
  ...both('velocity', 2, 'velocity'),
  ...both('turning', 3, 'turning'),
  ...both('labels', 2, 'alignment'),
  ...both('ten leading, %', 0, 'leading', 100),
  ...both('rank', 1, 'rank')
]

/** Which network is meant: linearised after a warm-up, or, without one, itself, trained as long. */
interface Which {
  readonly warmUp?: Training
  readonly epochs: number
  readonly training: Training
}

type Score = keyof Accuracy

/** Its accuracy in percent in each draw, none if it was not trained so; after no epoch both warm-ups are one. */
const scores = (draws: Draws, { warmUp, epochs, training }: Which, score: Score): readonly number[] =>
  draws.flatMap(({ full, linear }) => {
    const found =
      warmUp === undefined
        ? full[training][warmUps.findIndex((one) => one === epochs)]
        : linear.find(
            (one) =>
              one.epochs === epochs && (epochs === 0 || one.warmUp === warmUp) && one.training === training
          )
    return found === undefined ? [] : [100 * found[score]]
  })

const accuracyTable = (draws: Draws): string => {
  const rows: readonly (readonly [string, Omit<Which, 'training'>])[] = [
    ['kernel at the start', { warmUp: 'natural', epochs: 0 }],
    ...trainings.flatMap((warmUp) =>
      warmUps.slice(1).map((epochs) => [`${warmUp} kernel after ${epochs}`, { warmUp, epochs }] as const)
    ),
    ...warmUps.map((epochs) => [`itself, ${epochs + setting.linearEpochs} epochs`, { epochs }] as const)
  ]
  return markdownTable(
    ['network', ...trainings.flatMap((training) => [`${training}: clean %`, `${training}: robust %`])],
    rows.map(([name, which]) => [
      name,
      ...trainings.flatMap((training) =>
        (['clean', 'robust'] as const).map((score) => {
          const values = scores(draws, { ...which, training }, score)
          return values.length === 0 ? '–' : showHalf(1, estimate(values))
        })
      )
    ])
  )
}

/** What one network has more than another one of the same draw, in points. */
const comparisonTable = (draws: Draws): string => {
  const onKernel = (warmUp: Training, epochs: number, training: Training = 'natural'): Which => ({
    warmUp,
    epochs,
    training
  })
  const last = warmUps.at(-1)!
  const pairs: readonly (readonly [string, Which, Which])[] = [
    ...warmUps
      .slice(1)
      .map(
        (epochs) =>
          [
            `adversarial kernel after ${epochs} − natural kernel after ${epochs}`,
            onKernel('adversarial', epochs),
            onKernel('natural', epochs)
          ] as const
      ),
    ...trainings.map(
      (warmUp) =>
        [
          `${warmUp} kernel after ${last} − kernel at the start`,
          onKernel(warmUp, last),
          onKernel(warmUp, 0)
        ] as const
    ),
    ...trainings.map(
      (training) =>
        [
          `adversarial kernel after ${last} − itself, trained ${training === 'natural' ? 'naturally' : 'under attack'}`,
          onKernel('adversarial', last),
          { epochs: last, training }
        ] as const
    ),
    ...[0, last].map(
      (epochs) =>
        [
          `under attack: ${epochs === 0 ? 'kernel at the start' : `adversarial kernel after ${epochs}`} − itself`,
          onKernel('adversarial', epochs, 'adversarial'),
          { epochs, training: 'adversarial' }
        ] as const
    )
  ]
  return markdownTable(
    ['difference, points', 'clean', 'robust'],
    pairs.map(([name, a, b]) => [
      name,
      ...(['clean', 'robust'] as const).map((score) => {
        const less = scores(draws, b, score)
        return showInterval(1, estimate(scores(draws, a, score).map((x, i) => x - less[i]!)))
      })
    ])
  )
}

/** How much of a training's way lies in its first epoch, and how the ways compare. */
const ways = (draws: Draws): readonly string[] => {
  const [one, last] = [times.indexOf(1), times.length - 1]
  const said = (name: string, places: number, of: (draw: Draw) => number): string =>
    `${name}: ${showInterval(places, overDraws(draws, of))}`
  return [
    ...trainings.map((training) =>
      said(`turn after one epoch over that at the end, ${training}`, 2, ({ along }) => {
        const { turn } = along[training]
        return turn[one]! / turn[last]!
      })
    ),
    said('apart at the end, attack less other batches', 3, ({ apart, order }) => apart[last]! - order[last]!)
  ]
}

/** The tables, and the sentences' numbers. */
export const evolutionText = (draws: Draws): string =>
  [
    kernelTable(draws, SHOWN.slice(1), MOVED),
    kernelTable(
      draws,
      SHOWN.filter((epoch) => Number.isInteger(epoch)),
      SHAPE
    ),
    accuracyTable(draws),
    comparisonTable(draws),
    ways(draws).join('\n')
  ].join('\n\n')

/** A mean with a band of one standard deviation over the draws. */
const point = (x: number, estimated: Estimate) => {
  const [low, high] = deviation(estimated)
  return { x, y: estimated.mean, low, high }
}

/** Wide enough for both, and not so wide that a telephone makes its letters small. */
const WIDTH = 400

/** How far kernels turn from the start, and from each other. */
export const kernelsPicture = (draws: Draws): E.Either<TangentError, string> => {
  const series = (name: string, of: (draw: Draw) => readonly number[]): plot.Series => ({
    name,
    points: times.flatMap((x, at) =>
      x === 0
        ? []
        : [
            point(
              x,
              overDraws(draws, (draw) => of(draw)[at]!)
            )
          ]
    )
  })
  return plot.lines(
    [
      ...trainings.map((training) =>
        series(`${training}, from the start`, ({ along }) => along[training].turn)
      ),
      series('natural and adversarial apart', ({ apart }) => apart),
      series('natural, other batches, apart', ({ order }) => order)
    ],
    { title: 'how far kernels turn', across: 'epochs', up: '1 − cosine', x: 'log', width: WIDTH }
  )
}

/** The robust accuracy of kernels that were fixed after some epochs, beside that of networks trained as long. */
export const linearPicture = (draws: Draws): E.Either<TangentError, string> => {
  const series = (name: string, which: Omit<Which, 'epochs'>): plot.Series => ({
    name,
    points: warmUps.flatMap((epochs) => {
      const values = scores(draws, { ...which, epochs }, 'robust')
      return values.length === 0 ? [] : [point(epochs, estimate(values))]
    })
  })
  return plot.lines(
    trainings.flatMap((training) => [
      ...trainings.map((warmUp) => series(`${training} on the ${warmUp} kernel`, { warmUp, training })),
      series(`${training}, the network itself`, { training })
    ]),
    {
      title: 'robust accuracy of kernels fixed on the way',
      across: 'epochs of warm-up',
      up: 'robust accuracy, %',
      width: WIDTH
    }
  )
}
