import { getOrThrow } from '../../lib/core/error.js'
import { productsCase } from '../cases/products.js'

// A process that multiplies large matrices on one thread of ONNX Runtime and does nothing else: says `ready`, and at each message how
// many seconds a fixed number of steps took.

const STEPS = 40

const candidate = productsCase(1024)
  .candidates([1])
  .find(({ name }) => name === 'onnx:native')!
const ready = getOrThrow(await candidate.open())
await ready.step()

process.on('message', () => {
  void (async () => {
    const begin = performance.now()
    for (let i = 0; i < STEPS; i++) await ready.step()
    process.send!((performance.now() - begin) / 1000)
  })()
})
process.send!('ready')
