import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { fileURLToPath } from 'node:url'
import { thisMachine } from './harness/machine.js'
import { type OwnRedis, ownRedis, PASSWORD, withoutRedis } from './harness/own-redis.js'
import { showMachine } from './harness/report.js'
import { summarise } from './harness/statistics.js'

// How much faster two processes compute independent runs than one, and two workers of a queue:
// `npm run bench:jobs -- [rounds] [runs] [engine]`. All results are compared before anything is timed.

const [rounds = '5', runs = '16', engine = 'onnx:native'] = process.argv.slice(2)
const command = join(dirname(fileURLToPath(import.meta.url)), '../lib/cli/main.js')
const folder = mkdtempSync(join(tmpdir(), 'tangentflow-bench-'))
const file = join(folder, 'runs.json')
writeFileSync(
  file,
  JSON.stringify({
    name: 'runs',
    data: { set: 'digits', validation: 0 },
    network: { kind: 'mlp', hidden: [256] },
    seeds: Array.from({ length: Number(runs) }, (_, seed) => seed),
    methods: ['dense'],
    training: {
      epochs: 20,
      batch: 50,
      optimiser: { kind: 'momentum', decay: 0.9 },
      schedule: { kind: 'cosine', rate: 0.1 },
      attack: { kind: 'pgd', epsilon: 0.1, steps: 7, relativeStep: 2.5 }
    },
    evaluation: { epsilon: 0.1, attacks: [{ kind: 'pgd', steps: 40, relativeStep: 10 }] }
  })
)

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

let calls = 0
/** Runs the experiment in a folder of its own; gives seconds and the results without their times. */
const measured = async (...options: readonly string[]): Promise<{ seconds: number; results: unknown }> => {
  const out = join(folder, `${calls++}`)
  const begin = performance.now()
  await start(['experiment', file, '--engine', engine, '--threads', '1', '--out', out, ...options]).ends
  const seconds = (performance.now() - begin) / 1000
  const record = JSON.parse(readFileSync(join(out, 'result.json'), 'utf8')) as { runs: { seconds: number }[] }
  return { seconds, results: record.runs.map((run) => ({ ...run, seconds: 0 })) }
}

/** Two workers that wait, and the experiment through them, in a database that nobody has used. */
const throughQueue = async ({ url }: OwnRedis, round: number) => {
  const queue = ['--queue', url.replace(/\d+$/, `${round}`)]
  const workers = [0, 1].map(() => start(['worker', ...queue]))
  await Promise.all(workers.map(({ says }) => says('taking runs')))
  const result = await measured(...queue)
  for (const { child, ends } of workers) {
    child.kill('SIGTERM')
    // a worker that a signal ends has the code of the signal or 0
    await ends.catch(() => undefined)
  }
  return result
}

const bench = async (): Promise<void> => {
  process.stdout.write(`${showMachine(thisMachine())}\n${runs} runs, ${engine}, one thread each\n`)
  const redis =
    withoutRedis === undefined ? await ownRedis('--databases', `${Number(rounds) + 1}`) : undefined
  if (redis === undefined) process.stdout.write(`left out: the queue (${withoutRedis})\n`)
  const ways = {
    '--jobs 1': () => measured('--jobs', '1'),
    '--jobs 2': () => measured('--jobs', '2'),
    ...(redis && { '--queue, two workers': (round: number) => throughQueue(redis, round) })
  }
  const times: Record<string, number[]> = {}
  try {
    let expected: unknown
    for (let round = 0; round <= Number(rounds); round++)
      for (const [way, run] of Object.entries(ways)) {
        const { seconds, results } = await run(round)
        expected ??= results
        if (!isDeepStrictEqual(results, expected)) throw new Error(`${way} gives other results than --jobs 1`)
        process.stderr.write(
          `round ${round}  ${way}  ${seconds.toFixed(2)} s${round === 0 ? ', not counted' : ''}\n`
        )
        if (round > 0) (times[way] ??= []).push(seconds)
      }
  } finally {
    await redis?.stop()
  }
  const base = summarise(times['--jobs 1'] ?? []).median
  for (const [way, seconds] of Object.entries(times)) {
    const { median, min, spread } = summarise(seconds)
    process.stdout.write(
      `${way.padEnd(22)}median ${median.toFixed(2)} s  min ${min.toFixed(2)} s  spread ${(100 * spread).toFixed(1)} %` +
        `  ${(base / median).toFixed(2)} × --jobs 1\n`
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
