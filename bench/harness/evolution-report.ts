import type * as E from 'fp-ts/lib/Either.js'
import { plot, type TangentError } from '../../lib/index.js'
import type { Estimate } from '../../lib/report/estimate.js'
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

/** Which network is meant: linearised after a warm-up, or, without one, itself. */
interface Which {
  readonly warmUp?: Training
  readonly epochs: number
  readonly training: Training
}

/** Its accuracy in percent; after no epoch both warm-ups are one. */
const accuracy =
  ({ warmUp, epochs, training }: Which, of: keyof Accuracy) =>
  ({ full, linear }: Draw): number => {
    const found =
      warmUp === undefined
        ? full[training][warmUps.findIndex((one) => one === epochs)]
        : linear.find(
            (one) =>
              one.epochs === epochs && (epochs === 0 || one.warmUp === warmUp) && one.training === training
          )
    return 100 * found![of]
  }

const accuracyTable = (
  draws: Draws,
  first: string,
  rows: readonly (readonly [string, Omit<Which, 'training'>])[]
) =>
  markdownTable(
    [first, ...trainings.flatMap((training) => [`${training}: clean %`, `${training}: robust %`])],
    rows.map(([name, which]) => [
      name,
      ...trainings.flatMap((training) =>
        (['clean', 'robust'] as const).map((of) =>
          showHalf(1, overDraws(draws, accuracy({ ...which, training }, of)))
        )
      )
    ])
  )

const linearTable = (draws: Draws): string =>
  accuracyTable(draws, 'kernel after', [
    ['0 epochs', { warmUp: 'natural', epochs: 0 }],
    ...trainings.flatMap((warmUp) =>
      warmUps.slice(1).map((epochs) => [`${epochs} ${warmUp}`, { warmUp, epochs }] as const)
    )
  ])

const fullTable = (draws: Draws): string =>
  accuracyTable(
    draws,
    'epochs',
    warmUps.map((epochs) => [`${epochs + setting.linearEpochs}`, { epochs }])
  )

/** What one network has more than another one of the same draw, in points. */
const more = (draws: Draws, a: Which, b: Which, of: keyof Accuracy): string =>
  showInterval(
    1,
    overDraws(draws, (draw) => accuracy(a, of)(draw) - accuracy(b, of)(draw))
  )

/** The comparisons of the page, each of two networks of the same draw. */
const comparisons = (draws: Draws): readonly string[] => {
  const kernel = (warmUp: Training, epochs: number, training: Training): Which => ({
    warmUp,
    epochs,
    training
  })
  return [
    ...warmUps
      .slice(1)
      .flatMap((epochs) =>
        (['clean', 'robust'] as const).map(
          (of) =>
            `natural on kernels after ${epochs}, adversarial less natural, ${of}: ${more(
              draws,
              kernel('adversarial', epochs, 'natural'),
              kernel('natural', epochs, 'natural'),
              of
            )}`
        )
      ),
    ...warmUps
      .slice(1)
      .map(
        (epochs) =>
          `natural on the adversarial kernel after ${epochs} less the network trained naturally, robust: ${more(
            draws,
            kernel('adversarial', epochs, 'natural'),
            { epochs, training: 'natural' },
            'robust'
          )}`
      ),
    ...warmUps.flatMap((epochs) =>
      (['clean', 'robust'] as const).map(
        (of) =>
          `adversarial on the adversarial kernel after ${epochs} less the network trained so, ${of}: ${more(
            draws,
            kernel('adversarial', epochs, 'adversarial'),
            { epochs, training: 'adversarial' },
            of
          )}`
      )
    )
  ]
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
    said('apart at the end, attack over other batches', 1, ({ apart, order }) => apart[last]! / order[last]!)
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
    linearTable(draws),
    fullTable(draws),
    [...ways(draws), ...comparisons(draws)].join('\n')
  ].join('\n\n')

const point = (x: number, { mean, interval }: Estimate) => ({
  x,
  y: mean,
  ...(interval && { low: interval.low, high: interval.high })
})

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
    points: warmUps.map((epochs) => point(epochs, overDraws(draws, accuracy({ ...which, epochs }, 'robust'))))
  })
  return plot.lines(
    [
      ...trainings.flatMap((training) => [
        ...trainings.map((warmUp) => series(`${training} on the ${warmUp} kernel`, { warmUp, training })),
        series(`${training}, the network itself`, { training })
      ])
    ],
    {
      title: 'robust accuracy of kernels fixed on the way',
      across: 'epochs of warm-up',
      up: 'robust accuracy, %',
      width: WIDTH
    }
  )
}
