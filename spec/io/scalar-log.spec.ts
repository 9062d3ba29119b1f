import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { afterAll, describe, expect, it } from 'vitest'
import { key, ndarray, nn, train, unwrap, withEngine } from 'tangentflow'
import { scalarLog } from 'tangentflow/io'

const folder = mkdtempSync(join(tmpdir(), 'scalar-log-'))
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

const net = nn.serial(nn.dense(2))
const data = {
  x: ndarray.fromNested([
    [0, 1],
    [1, 0],
    [1, 1],
    [0, 0]
  ]),
  y: ndarray.of([4], [0, 1, 0, 1])
}
const recipe = { epochs: 2, batch: 2, optimiser: train.sgd, schedule: train.schedule.constant(0.1) }
const fit = (observe: (event: train.FitEvent) => () => void) =>
  withEngine({ require: 'reference' })(
    train.fit(net.apply, { ...recipe, observe })(net.init(key(0), [2]), data, key(1))
  )()

const linesOf = (path: string): readonly string[] => readFileSync(path, 'utf8').trimEnd().split('\n')

describe('scalarLog', () => {
  it('has the loss of every step, as numbers of the training', async () => {
    const path = join(folder, 'a', 'fit.jsonl')
    const { losses } = unwrap(await fit(unwrap(scalarLog(path)())))
    const lines = linesOf(path).map(
      (line) => JSON.parse(line) as { step: number; tag: string; value: number }
    )
    expect(lines.filter(({ tag }) => tag === 'loss').map(({ value }) => value)).toEqual(losses)
    expect(lines.filter(({ tag }) => tag === 'epoch').map(({ step, value }) => [step, value])).toEqual([
      [1, 0],
      [2, 1],
      [3, 1],
      [4, 2]
    ])
  })

  it('goes on with a file that is there, and has its head once', () => {
    const path = join(folder, 'twice.csv')
    unwrap(scalarLog(path)())({ step: 1, loss: 2 })()
    unwrap(scalarLog(path)())({ step: 2, loss: NaN, score: undefined })()
    const lines = linesOf(path)
    expect(lines[0]).toBe('wall_time,step,tag,value')
    expect(lines.slice(1).map((line) => line.replace(/^[\d.]+,/, ''))).toEqual(['1,loss,2', '2,loss,NaN'])
  })

  it.each(['csv', 'jsonl'])('goes on with a %s file whose last line was cut off anywhere', (kind) => {
    const path = join(folder, `cut.${kind}`)
    const write = (step: number) => unwrap(scalarLog(path)())({ step, loss: 0.5 })()
    write(1)
    write(2)
    const whole = readFileSync(path, 'utf8')
    for (let cut = 1; cut <= whole.length; cut++) {
      writeFileSync(path, whole.slice(0, whole.length - cut))
      write(3)
      const left = whole.slice(0, whole.slice(0, whole.length - cut).lastIndexOf('\n') + 1)
      const head = left === '' && kind === 'csv' ? 'wall_time,step,tag,value\n' : left
      const text = readFileSync(path, 'utf8')
      expect(text.startsWith(head)).toBe(true)
      expect(text.slice(head.length)).toMatch(
        kind === 'csv' ? /^[\d.]+,3,loss,0\.5\n$/ : /^\{.*"loss".*\}\n$/
      )
    }
  })

  it('refuses another kind of file, a folder, and ends a run whose log cannot be written', async () => {
    expect(scalarLog('log.txt')()).toMatchObject({ left: { _tag: 'ArgumentError', received: '"log.txt"' } })
    mkdirSync(join(folder, 'is.csv'))
    expect(scalarLog(join(folder, 'is.csv'))()).toMatchObject({ left: { _tag: 'IoError' } })
    const path = join(folder, 'gone', 'fit.csv')
    const log = unwrap(scalarLog(path)())
    rmSync(join(folder, 'gone'), { recursive: true })
    const ended = await fit(log)
    expect(E.isLeft(ended) && ended.left).toMatchObject({ _tag: 'IoError', where: path })
  })
})
