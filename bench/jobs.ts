import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { fileURLToPath } from 'node:url'
import { thisMachine } from './harness/machine.js'
import { type OwnRedis, ownRedis, PASSWORD, withoutRedis } from './harness/own-redis.js'
import { showMachine } from './harness/report.js'
import { summarise } from './harness/statistics.js'

// How much faster two processes compute independent runs than one, and two workers of a queue, beside two commands that share
// nothing but the machine: `npm run bench:jobs -- [rounds] [runs] [epochs] [engine]`. All results are compared before anything is timed.

const [rounds = '3', runs = '8', epochs = '120', engine = 'onnx:native'] = process.argv.slice(2)
const command = join(dirname(fileURLToPath(import.meta.url)), '../lib/cli/main.js')
const folder = mkdtempSync(join(tmpdir(), 'tangentflow-bench-'))

/** An experiment of the runs of these seeds, as a file. */
const fileOf = (name: string, seeds: readonly number[]): string => {
  const file = join(folder, `${name}.json`)
  writeFileSync(
    file,
    JSON.stringify({
      name,
      data: { set: 'digits', validation: 0 },
      network: { kind: 'mlp', hidden: [256] },
      seeds,
      methods: ['dense'],
      training: {
        epochs: Number(epochs),
        batch: 50,
        optimiser: { kind: 'momentum', decay: 0.9 },
        schedule: { kind: 'cosine', rate: 0.1 },
        attack: { kind: 'pgd', epsilon: 0.1, steps: 7, relativeStep: 2.5 }
      },
      evaluation: { epsilon: 0.1, attacks: [{ kind: 'pgd', steps: 40, relativeStep: 10 }] }
    })
  )
  return file
}

const seeds = Array.from({ length: Number(runs) }, (_, seed) => seed)
const half = Math.ceil(seeds.length / 2)
const whole = fileOf('runs', seeds)
const halves = [fileOf('first', seeds.slice(0, half)), fileOf('second', seeds.slice(half))]

/** Seconds of the processor of all that this process has started and that has ended; Linux says so. */
const processorSeconds = (): number => {
  if (!existsSync('/proc/self/stat')) return NaN
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[13]) + Number(fields[14])) / 100
}

const started = new Set<ChildProcess>()
/** Starts the command; `says` is fulfilled when it has said a text, `ends` when it has ended well. */
const start = (words: readonly string[]) => {
  const env = { ...process.env, TANGENTFLOW_REDIS_PASSWORD: PASSWORD }
  const child = spawn(process.execPath, [command, ...words], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  started.add(child)
  let said = ''
  const ends = new Promise<void>((resolve, reject) =>
    child.on('close', (code) => {
      started.delete(child)
      if (code === 0) resolve()
      else reject(new Error(`${words.join(' ')} ended with ${code}: ${said.slice(-500)}`))
    })
  )
  const says = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      child.stderr.on('data', () => said.includes(text) && resolve())
      ends.catch(reject)
    })
  child.stderr.on('data', (part: Buffer) => (said += part.toString()))
  return { child, says, ends }
}

/** What a way of computing the runs took and gave: seconds, those of the processor, and the results without their times. */
interface Measured {
  readonly seconds: number
  readonly results: readonly unknown[]
}

let calls = 0
/** Runs an experiment in a folder of its own. */
const measured = async (file: string, ...options: readonly string[]): Promise<Measured> => {
  const out = join(folder, `${calls++}`)
  const begin = performance.now()
  await start(['experiment', file, '--engine', engine, '--threads', '1', '--out', out, ...options]).ends
  const seconds = (performance.now() - begin) / 1000
  const record = JSON.parse(readFileSync(join(out, 'result.json'), 'utf8')) as { runs: { seconds: number }[] }
  return { seconds, results: record.runs.map((run) => ({ ...run, seconds: 0 })) }
}

/** Two commands with half of the runs each: how fast two processes are on this machine, whoever starts them. */
const sideBySide = async (): Promise<Measured> => {
  const both = await Promise.all(halves.map((file) => measured(file, '--jobs', '1')))
  return {
    seconds: Math.max(...both.map(({ seconds }) => seconds)),
    results: both.flatMap(({ results }) => results)
  }
}

/** Two workers that wait, and the experiment through them, in a database that nobody has used. */
const throughQueue = async ({ url }: OwnRedis, round: number): Promise<Measured> => {
  const queue = ['--queue', url.replace(/\d+$/, `${round}`)]
  const workers = [0, 1].map(() => start(['worker', ...queue]))
  await Promise.all(workers.map(({ says }) => says('taking runs')))
  const result = await measured(whole, ...queue)
  for (const { child, ends } of workers) {
    child.kill('SIGTERM')
    // a worker that a signal ends has the code of the signal or 0
    await ends.catch(() => undefined)
  }
  return result
}

/** How many times the work of one process two do in the same time that only multiply matrices: what two processes gain here at most. */
const gainOfProducts = async (): Promise<number> => {
  const program = join(dirname(fileURLToPath(import.meta.url)), 'harness/products-process.js')
  const children = [0, 1].map(() => fork(program))
  for (const child of children) started.add(child)
  await Promise.all(children.map((child) => once(child, 'message')))
  const seconds = async (some: readonly ChildProcess[]): Promise<number> => {
    const said = some.map((child) => once(child, 'message') as Promise<[number]>)
    for (const child of some) child.send('go')
    return Math.max(...(await Promise.all(said)).map(([time]) => time))
  }
  const gains: number[] = []
  for (let round = 0; round < 5; round++)
    gains.push((2 * (await seconds(children.slice(0, 1)))) / (await seconds(children)))
  for (const child of children) child.kill('SIGKILL')
  return summarise(gains).median
}

const bench = async (): Promise<void> => {
  process.stdout.write(
    `${showMachine(thisMachine())}\n${runs} runs of ${epochs} epochs, ${engine}, one thread each\n`
  )
  const gain = await gainOfProducts()
  process.stdout.write(`two processes of matrix products alone: ${gain.toFixed(2)} × one\n`)
  const redis =
    withoutRedis === undefined ? await ownRedis('--databases', `${Number(rounds) + 1}`) : undefined
  if (redis === undefined) process.stdout.write(`left out: the queue (${withoutRedis})\n`)
  const ways = {
    '--jobs 1': () => measured(whole, '--jobs', '1'),
    '--jobs 2': () => measured(whole, '--jobs', '2'),
    'two commands': sideBySide,
    ...(redis && { '--queue, two workers': (round: number) => throughQueue(redis, round) })
  }
  const times: Record<string, { readonly seconds: number; readonly processor: number }[]> = {}
  try {
    let expected: unknown
    for (let round = 0; round <= Number(rounds); round++)
      for (const [way, run] of Object.entries(ways)) {
        const before = processorSeconds()
        const { seconds, results } = await run(round)
        const processor = processorSeconds() - before
        expected ??= results
        if (!isDeepStrictEqual(results, expected)) throw new Error(`${way} gives other results than --jobs 1`)
        process.stderr.write(
          `round ${round}  ${way}  ${seconds.toFixed(2)} s, ${processor.toFixed(2)} s of the processor` +
            `${round === 0 ? ', not counted' : ''}\n`
        )
        if (round > 0) (times[way] ??= []).push({ seconds, processor })
      }
  } finally {
    await redis?.stop()
  }
  const median = (way: string, which: 'seconds' | 'processor'): number =>
    summarise((times[way] ?? []).map((time) => time[which])).median
  for (const way of Object.keys(times)) {
    const { min, spread } = summarise(times[way]!.map(({ seconds }) => seconds))
    process.stdout.write(
      `${way.padEnd(22)}median ${median(way, 'seconds').toFixed(2)} s  min ${min.toFixed(2)} s  ` +
        `spread ${(100 * spread).toFixed(1)} %  processor ${median(way, 'processor').toFixed(2)} s  ` +
        `${(median('--jobs 1', 'seconds') / median(way, 'seconds')).toFixed(2)} × --jobs 1\n`
    )
  }
}

await bench()
  .catch((thrown: unknown) => {
    process.stderr.write(`${String(thrown)}\n`)
    process.exitCode = 1
  })
  .finally(() => {
    for (const child of started) child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })
