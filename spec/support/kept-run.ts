import * as E from 'fp-ts/lib/Either.js'
import { attack, data, formatError, key, mask, nn, train, withEngine } from '../../lib/index.js'
import type { Effect } from '../../lib/graph/runner.js'
import { fileStore } from '../../lib/io/index.js'

// A process to be killed: a small training on digits, or a search, kept in the file that it is given after every step. It says
// `started` once it begins, or goes on, and `finished` at its end.

const [kind = '', path = ''] = process.argv.slice(2)
const net = nn.serial(nn.dense(12), nn.relu, nn.dense(10))
const { x, y } = data.take(Array.from({ length: 320 }, (_, i) => i))(data.digitsSplit().train)

let hasStarted = false
const say = (word: string): void => void process.stdout.write(`${word}\n`)
const observe = () => (): void => {
  if (!hasStarted) say('started')
  hasStarted = true
}
const checkpoint = { store: fileStore(path), steps: 1 }

const runs: Readonly<Record<string, Effect<unknown>>> = {
  training: train.fit(net.apply, {
    epochs: 8,
    batch: 16,
    optimiser: train.adam(),
    schedule: train.schedule.cosine(0.01),
    checkpoint,
    observe
  })(net.init(key(0), [64]), { x, y }, key(1)),
  search: mask.search(net, {
    density: 0.3,
    epsilon: 0.05,
    attack: attack.pgd({ epsilon: 0.05, steps: 2, stepSize: 0.03 }),
    steps: 60,
    batch: 8,
    samples: 64,
    weights: { rate: 0.1, radius: 0.2 },
    checkpoint,
    observe
  })(net.init(key(0), [64]), { x, y }, key(1))
}

const result = await withEngine({ require: 'reference' })(runs[kind]!)()
say(E.isRight(result) ? 'finished' : formatError(result.left))
