import type * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { mean } from '../lib/core/mean.js'
import type { ExperimentRecord } from '../lib/experiment/experiment-record.js'
import { plot, type TangentError } from '../lib/index.js'
import { dynamics, groupsOf, kernelDistance, valuesOf } from '../lib/report/group.js'
import { finish, readJson, writeText } from './harness/files.js'

// How far from the dense network masks train, against how far their kernels are from its kernel: draws docs/kernel-dynamics.svg from
// bench/results/digits-flow-512.json, `node dist/bench/kernel-dynamics.js`.

const RECORD = 'bench/results/digits-flow-512.json'
const PICTURE = 'docs/kernel-dynamics.svg'

const draw = (record: ExperimentRecord): E.Either<TangentError, string> => {
  const groups = groupsOf(record)
  const series = groups
    .filter(({ role }) => role === 'masked')
    .map((group): plot.Series => {
      const heights = valuesOf(group, dynamics)
      const points = valuesOf(group, kernelDistance).map((x, i) => ({ x, y: heights[i]! }))
      return { name: group.method, points, draw: 'dots' }
    })
  const across = series.flatMap(({ points }) => points.map(({ x }) => x))
  const floor = (name: string, method: string): plot.Series => {
    const heights = groups
      .filter((group) => group.method === method)
      .flatMap((group) => valuesOf(group, dynamics))
    const y = mean(heights)
    return { name, points: [Math.min(...across), Math.max(...across)].map((x) => ({ x, y })) }
  }
  return plot.lines(
    [...series, floor('another start', 'otherStart'), floor('other batches', 'otherBatches')],
    {
      title: 'a nearer kernel and a nearer training',
      across: 'distance of the kernel at the start',
      up: 'distance of the training',
      x: 'log',
      y: 'log'
    }
  )
}

await finish(pipe(readJson<ExperimentRecord>(RECORD), TE.flatMapEither(draw), TE.flatMap(writeText(PICTURE))))
