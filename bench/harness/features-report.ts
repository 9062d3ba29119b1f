import type * as E from 'fp-ts/lib/Either.js'
import { mean } from '../../lib/core/mean.js'
import { plot, type TangentError } from '../../lib/index.js'
import { overDraws, showHalf, showInterval } from './estimates.js'
import { type Draw, leading, ranks, setting } from './features.js'
import { markdownTable } from './table.js'

// What the draws of harness/features.ts say, as the tables, the sentences and the picture of docs/ntk.md.

/** Bands of ranks, from 1, both ends included. */
const BANDS = [
  [1, 1],
  [2, 10],
  [11, 30],
  [31, 100],
  [101, 300],
  [301, 600]
] as const

const bandTable = (draws: readonly Draw[]): string =>
  markdownTable(
    [
      'ranks',
      'eigenvalues %',
      'labels %',
      'agreement',
      ...setting.epsilons.map((epsilon) => `whole attacked, ${epsilon}`),
      ...setting.epsilons.map((epsilon) => `feature attacked, ${epsilon}`)
    ],
    BANDS.map(([first, last]) => {
      const part = (values: readonly number[]): readonly number[] => values.slice(first - 1, last)
      const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0)
      const within = ranks.map((rank) => rank >= first && rank <= last)
      const shown = (of: (draw: Draw) => readonly number[]): string =>
        showInterval(
          2,
          overDraws(draws, (draw) => mean(of(draw)))
        )
      const percent = (of: (draw: Draw) => readonly number[]): string =>
        overDraws(draws, (draw) => (100 * sum(part(of(draw)))) / sum(of(draw))).mean.toFixed(1)
      return [
        first === last ? `${first}` : `${first}–${last}`,
        percent(({ values }) => values),
        percent(({ energy }) => energy),
        shown(({ natural }) => part(natural)),
        ...setting.epsilons.map((_, e) => shown(({ whole }) => part(whole[e]!))),
        ...setting.epsilons.map((_, e) => shown(({ own }) => own[e]!.filter((_value, k) => within[k])))
      ]
    })
  )

const leadingTable = (draws: readonly Draw[]): string =>
  markdownTable(
    [
      'leading features',
      'clean %',
      ...setting.epsilons.flatMap((epsilon) => [`robust %, ${epsilon}`, `of all, ${epsilon}`])
    ],
    leading.map((count, k) => {
      const shown = (places: number, of: (draw: Draw) => number): string =>
        showHalf(places, overDraws(draws, of))
      return [
        `${count}`,
        shown(1, ({ clean }) => 100 * clean[k]!),
        ...setting.epsilons.flatMap((_, e) => [
          shown(1, ({ robust }) => 100 * robust[e]![k]!),
          shown(2, ({ robust }) => robust[e]![k]! / robust[e]!.at(-1)!)
        ])
      ]
    })
  )

/** The ranks of values from the least up, counted from 0. */
const orderOf = (values: readonly number[]): readonly number[] => {
  const sorted = [...values.keys()].sort((a, b) => values[a]! - values[b]!)
  const order = new Array<number>(values.length)
  sorted.forEach((at, rank) => void (order[at] = rank))
  return order
}

/** Spearman's correlation of values with their places: −1 where they fall all the way. */
export const falling = (values: readonly number[]): number => {
  const [n, order] = [values.length, orderOf(values)]
  const squares = order.reduce((sum, rank, at) => sum + (rank - at) ** 2, 0)
  return 1 - (6 * squares) / (n * (n * n - 1))
}

/** The tables, and how far what attacks leave of features goes with their rank. */
export const featuresText = (draws: readonly Draw[]): string =>
  [
    bandTable(draws),
    leadingTable(draws),
    setting.epsilons
      .map((epsilon, e) => {
        const own = overDraws(draws, (draw) => falling(draw.own[e]!))
        return `rank and what an attack of ${epsilon} on a feature leaves: ${showInterval(2, own)}`
      })
      .join('\n')
  ].join('\n\n')

/** What agrees with the labels, and what attacks leave of it, by rank. */
export const featuresPicture = (draws: readonly Draw[]): E.Either<TangentError, string> => {
  // the mean from one of the ranks to the next
  const smooth = (of: (draw: Draw) => readonly number[]): readonly number[] =>
    ranks.map((rank, k) =>
      mean(draws.flatMap((draw) => of(draw).slice(rank - 1, (ranks[k + 1] ?? setting.images + 1) - 1)))
    )
  const series = (name: string, heights: readonly number[]): plot.Series => ({
    name,
    points: ranks.map((x, k) => ({ x, y: heights[k]! }))
  })
  return plot.lines(
    [
      series(
        'as images are',
        smooth(({ natural }) => natural)
      ),
      ...setting.epsilons.map((epsilon, e) =>
        series(
          `whole regression attacked, ε = ${epsilon}`,
          smooth(({ whole }) => whole[e]!)
        )
      ),
      ...setting.epsilons.map((epsilon, e) =>
        series(
          `feature attacked, ε = ${epsilon}`,
          ranks.map((_, k) => mean(draws.map(({ own }) => own[e]![k]!)))
        )
      )
    ],
    {
      title: 'features of the kernel of MNIST',
      across: 'rank of the eigenvalue',
      up: 'agreement with the labels',
      x: 'log'
    }
  )
}
