import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { formatError, key, ndarray, nn, ntk, uniforms, withEngine } from '../lib/index.js'

// Streams the 1,024 × 1,024 kernel of LeNet-300-100 and says how much memory the process had at most:
// `node dist/bench/ntk-stream.js [mean|diag|full] [examples] [tile]`.

const [form = 'mean', count = '1024', tile] = process.argv.slice(2)
const examples = Number(count)
const outputs = form === 'full' || form === 'diag' ? form : 'mean'
const network = nn.serial(nn.dense(300), nn.relu, nn.dense(100), nn.relu, nn.dense(10))
const params = network.init(key(0), [784])
const x = ndarray.of([examples, 784], uniforms(key(1), examples * 784))

const start = performance.now()
let [trace, elements] = [0, 0]
const finished = await withEngine({ require: 'onnx:native' })(
  ntk.forEachBlock(network.apply, {
    outputs,
    ...(tile === undefined ? {} : { tile: Number(tile) }),
    observe:
      ({ done, blocks }) =>
      () =>
        void process.stderr.write(`\r${done} of ${blocks} blocks`)
  })(({ row, column, value }) =>
    TE.fromIO(() => {
      elements += value.data.length
      const [rows, columns] = value.shape as readonly [number, number]
      const inner = value.data.length / (rows * columns)
      if (row === column) for (let i = 0; i < rows; i++) trace += value.data[(i * columns + i) * inner]!
    })
  )(params, x)
)()
const seconds = (performance.now() - start) / 1000
const peak = process.resourceUsage().maxRSS / 1024

pipe(
  finished,
  E.match(
    (error) => {
      process.stderr.write(`\n${formatError(error)}\n`)
      process.exitCode = 1
    },
    () =>
      void process.stdout.write(
        `\n${outputs} kernel of ${examples} × ${examples} inputs: ${elements} elements in ${seconds.toFixed(1)} s, ` +
          `mean of the first diagonal ${(trace / examples).toPrecision(6)}, peak resident memory ${peak.toFixed(0)} MiB\n`
      )
  )
)
