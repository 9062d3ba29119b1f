import {
  attack,
  type Engine,
  key,
  ndarray,
  nn,
  ops,
  resident,
  type Runner,
  spec,
  type Tensor,
  train
} from 'tangentflow'
import { expect, it } from 'vitest'
import { lawAsync, showReport } from '../../lib/laws/law.js'
import { right } from './either.js'
import { loopCases } from './loops.js'
import { batchOf, withoutThirds } from './networks.js'
import { runs } from './runs.js'

/** An engine as one that cannot keep state: what it computes is to be the same. */
const forgetful = ({ compile, unroll }: Engine): Runner => ({
  compile,
  ...(unroll !== undefined && { unroll })
})

const [network, features, classes] = [nn.serial(nn.dense(9), nn.relu, nn.dense(3)), 6, 3]
const start = network.init(key(2), [features])
const set = batchOf(9, 44, features, classes)
const options: train.FitOptions = {
  epochs: 2,
  batch: 4,
  optimiser: train.adam(),
  schedule: train.schedule.cosine(0.1)
}

/** Trainings whose chunks differ: plain, attacked, masked and recorded in between, several steps in a program. */
const trainings: readonly (readonly [string, Partial<train.FitOptions>])[] = [
  ['plain', {}],
  ['attacked', { attack: attack.pgd({ epsilon: 0.1, steps: 2, stepSize: 0.1 }) }],
  ['masked and recorded', { mask: withoutThirds(start), record: { x: set.x, times: 3 } }],
  ['of three steps in a program', { unroll: 3 }]
]

/** What `resident` means on an engine: the bits of calls one by one, and nothing that grows. */
export const residentAsCalls = (engine: () => Engine, count: number): void => {
  it('gives the bits of calls one by one', { timeout: 240_000 }, async () => {
    const report = await lawAsync(
      'resident steps',
      loopCases,
      async ({ step, args, inputs }) => {
        const specs = [args.carry, inputs[0]!] as const
        const program = right(await resident(engine())(step, specs)())
        const other = right(await resident(forgetful(engine()))(step, specs)())
        const [kept, called] = [await program(args.carry, inputs)(), await other(args.carry, inputs)()]
        expect(kept).toEqual(called)
        expect(right(kept).executed).toEqual(engine().describe)
        return { kind: 'measured', error: 0, bound: 0, what: 'the bits' }
      },
      { runs: runs(count) }
    )
    console.info(showReport(report))
  })

  it('holds after many runs what it held after the first', async () => {
    const sum = (state: Tensor, x: Tensor) => [ops.add(x)(state), ops.square(state)] as const
    const program = right(await resident(engine())(sum, [spec([4]), spec([4])])())
    const run = async () =>
      right(
        await program(
          ndarray.zeros([4]),
          Array.from({ length: 5 }, () => ndarray.full([4], 2))
        )()
      )
    await run()
    const held = engine().held()
    for (let i = 0; i < 20; i++) expect((await run()).value[0].data[0]).toBe(10)
    expect(engine().held()).toEqual(held)
  })

  it.each(trainings)('trains to the same bits: %s', async (_name, further) => {
    const fitted = train.fit(network.apply, { ...options, ...further })(start, set, key(1))
    expect(right(await fitted(engine())())).toEqual(right(await fitted(forgetful(engine()))()))
  })
}
