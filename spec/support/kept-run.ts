import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { data, formatError, key, nn, train, withEngine } from '../../lib/index.js'
import { fileStore } from '../../lib/io/index.js'

// A process to be killed: a small training on digits, kept in the file that it is given after every step. It says `started`
// once it begins, or goes on, and `finished` at its end.

const net = nn.serial(nn.dense(12), nn.relu, nn.dense(10))
const { x, y } = data.take(Array.from({ length: 320 }, (_, i) => i))(data.digitsSplit().train)

let hasStarted = false
const say = (word: string): void => void process.stdout.write(`${word}\n`)
const result = await withEngine({ require: 'reference' })((engine) =>
  pipe(
    train.fit(net.apply, {
      epochs: 8,
      batch: 16,
      optimiser: train.adam(),
      schedule: train.schedule.cosine(0.01),
      checkpoint: { store: fileStore(process.argv[2]!), steps: 1 },
      observe: () => () => {
        if (!hasStarted) say('started')
        hasStarted = true
      }
    })(
      net.init(key(0), [64]),
      { x, y },
      key(1)
    )(engine)
  )
)()
say(E.isRight(result) ? 'finished' : formatError(result.left))
