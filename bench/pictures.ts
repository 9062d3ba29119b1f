import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { ExperimentRecord } from '../lib/experiment/experiment-record.js'
import { finish, readJson, writeText } from './harness/files.js'
import { pictures } from './harness/pictures.js'

// Draws the pictures of docs/ that come from records of experiments, see harness/pictures.ts: `npm run pictures`.

await finish(
  pipe(
    Object.entries(pictures),
    TE.traverseSeqArray(([picture, [record, draw]]) =>
      pipe(
        readJson<ExperimentRecord>(`bench/results/${record}`),
        TE.flatMapEither(draw),
        TE.flatMap(writeText(`docs/${picture}`))
      )
    )
  )
)
