import { withEngine } from '../../lib/engine/open-engine.js'
import { engineOptions } from '../../lib/engine/engine-choice.js'
import { openQueue, work } from '../../lib/queue/index.js'
import { isLeft, right } from 'fp-ts/lib/Either.js'

// A worker of spec/queue: takes runs from the Redis that its words name until SIGTERM, and tells what it does, a line each.
const [url = '', password = '', version = '', lostAfter = '5000'] = process.argv.slice(2)
let isStopped = false
process.on('SIGTERM', () => (isStopped = true))

const opened = await openQueue({ url, password, version, lostAfter: Number(lostAfter) })()
const result = isLeft(opened)
  ? opened
  : await work(opened.right, {
      open: (choice) => withEngine(engineOptions(choice)),
      images: () => () => Promise.resolve(right(undefined)),
      onProgress:
        ({ run, phase, done }) =>
        () =>
          void process.stdout.write(`${run} ${phase} ${done}\n`),
      stop: () => new Promise((resolve) => setImmediate(() => resolve(isStopped)))
    })()
process.stdout.write(`${JSON.stringify(result)}\n`)
process.exit(isLeft(result) ? 1 : 0)
