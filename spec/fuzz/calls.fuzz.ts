import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { build } from 'vite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import base from '../../.config/vitest.config.js'
import { type Absence, absencesOf, type Signature, signaturesOf } from './signatures.js'

const runs = Number(process.env.FUZZ_CALLS ?? 12_000)
const seed = Number(process.env.FC_SEED)
/** Milliseconds after which a call is called endless. */
const PATIENCE = 20_000

/**
 * They write files or speak to the network when all is well, do much work without any argument, or have their caller name the
 * operation, so that it may be no word.
 */
const left = new Set([
  'io.fetchSet',
  'io.writeArrays',
  'io.appendLine',
  'io.writeAtomic',
  'io.openRunFolder',
  'experiment.decodeJson',
  'laws.enginesAgree',
  'ndarray.takeRows',
  'attack.ball.ballAround',
  'tree.tensorsOf',
  'tree.replace',
  'tree.pairs',
  'tree.zipPart'
])

const folder = mkdtempSync(join(tmpdir(), 'fuzz-calls-'))
const script = join(process.cwd(), '.cache/fuzz/worker.mjs')
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

beforeAll(async () => {
  await build({
    configFile: false,
    logLevel: 'error',
    resolve: { alias: base.resolve?.alias ?? [] },
    build: {
      ssr: 'spec/fuzz/calls-worker.ts',
      outDir: '.cache/fuzz',
      emptyOutDir: true,
      rolldownOptions: { output: { entryFileNames: 'worker.mjs' } }
    }
  })
}, 120_000)

type Message =
  | { readonly begun: number; readonly name: string }
  | { readonly fault: string; readonly n: number; readonly name: string }
  | { readonly finished: true }

interface Outcome {
  readonly faults: readonly string[]
  /** The call to go on with; undefined at the end. */
  readonly next: number | undefined
}

/** Calls from `first` on, those with something missing before the random ones, until all are made or one does not end. */
const stretch = (
  signatures: readonly Signature[],
  promising: number,
  absences: readonly Absence[],
  first: number
): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(script, {
      workerData: { signatures, promising, absences, seed, first, count: absences.length + runs },
      resourceLimits: { maxOldGenerationSizeMb: 1024 }
    })
    const faults: string[] = []
    let current = first
    let name = ''
    let timer: NodeJS.Timeout | undefined
    const stop = (outcome: Outcome): void => {
      clearTimeout(timer)
      void worker.terminate().then(() => {
        resolve(outcome)
      }, reject)
    }
    const endless = (why: string): void => {
      stop({ faults: [...faults, `${name}, call ${current}: ${why}`], next: current + 1 })
    }
    const watch = (): void => {
      clearTimeout(timer)
      timer = setTimeout(() => {
        endless('it did not end')
      }, PATIENCE)
    }
    watch()
    worker.on('message', (message: Message) => {
      if ('begun' in message) {
        current = message.begun
        name = message.name
        watch()
      } else if ('fault' in message) faults.push(`${message.name}, call ${message.n}: ${message.fault}`)
      else stop({ faults, next: undefined })
    })
    worker.on('error', (error) => {
      endless(`the thread died: ${error.message}`)
    })
  })

it('gives a typed error for arguments that are missing or wrong, and never hangs', async () => {
  const found = signaturesOf({
    '': 'lib/index.ts',
    'experiment.': 'lib/experiment/index.ts',
    'io.': 'lib/io/index.ts',
    'laws.': 'lib/laws/index.ts',
    'queue.': 'lib/queue/index.ts'
  }).filter(({ name }) => !left.has(name))
  // random junk, such as proxies that throw, is for functions that promise never to throw
  const promising = found.filter(({ promised }) => promised !== 'Value')
  const signatures = [...promising, ...found.filter(({ promised }) => promised === 'Value')]
  expect(promising.length).toBeGreaterThan(50)
  for (const name of ['experiment.run', 'exportOnnx', 'queue.openQueue', 'queue.queueStatus', 'queue.work'])
    expect(promising.map((signature) => signature.name)).toContain(name)
  const absences = absencesOf(signatures)
  const faults: string[] = []
  for (let next: number | undefined = 0; next !== undefined;) {
    const outcome: Outcome = await stretch(signatures, promising.length, absences, next)
    faults.push(...outcome.faults)
    next = outcome.next
  }
  console.info(
    `${absences.length} calls of ${signatures.length} functions with something missing, ` +
      `${runs} of ${promising.length} with junk from seed ${seed}`
  )
  expect(faults).toEqual([])
})
