import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { build } from 'vite'

// A training that is killed at random moments, again and again, ends in the same bits as one that was left alone.

/** How often it is killed; `npm run test:kill` kills it 20 times. */
const KILLS = Number(process.env.KILLS ?? '3')

const root = fileURLToPath(new URL('../..', import.meta.url))
const temporary = mkdtempSync(join(tmpdir(), 'tangentflow-kill-'))
const program = join(temporary, 'kept-run.mjs')
afterAll(() => rmSync(temporary, { recursive: true, force: true }))

/** The program as one file that plain Node runs; engines that it does not open stay outside. */
beforeAll(() =>
  build({
    root,
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true, external: ['gpu.js', 'onnxruntime-node', 'onnxruntime-web', 'webgpu', 'gl'] },
    build: {
      ssr: join(root, 'spec/support/kept-run.ts'),
      outDir: temporary,
      emptyOutDir: false,
      rolldownOptions: { output: { entryFileNames: 'kept-run.mjs' } }
    }
  })
)

/** Runs the program and kills it so many milliseconds after it has taken its first step; gives what it said, and for how long it ran after that step. */
const runFor = (checkpoint: string, delay: number): Promise<{ said: string; span: number }> =>
  new Promise((resolve, reject) => {
    const child: ChildProcess = spawn(process.execPath, [program, checkpoint])
    const said: string[] = []
    let start = 0
    child.stdout!.on('data', (part: Buffer) => {
      if (said.length === 0) {
        start = performance.now()
        if (Number.isFinite(delay)) setTimeout(() => child.kill('SIGKILL'), delay)
      }
      said.push(part.toString())
    })
    child.stderr!.on('data', (part: Buffer) => said.push(part.toString()))
    child.on('error', reject)
    child.on('close', () => resolve({ said: said.join(''), span: performance.now() - start }))
  })

it(`a training killed ${KILLS} times ends in the same bits`, { timeout: 300_000 }, async () => {
  const whole = join(temporary, 'whole.safetensors')
  const { said, span } = await runFor(whole, Infinity)
  expect(said).toBe('started\nfinished\n')
  const right = readFileSync(whole)

  let [kills, runs] = [0, 0]
  while (kills < KILLS) {
    const folder = join(temporary, `run ${runs++}`)
    const checkpoint = join(folder, 'checkpoint.safetensors')
    for (let isFinished = false; !isFinished;) {
      const { said: words } = await runFor(checkpoint, kills < KILLS ? (Math.random() * span) / 2 : Infinity)
      expect(words).toMatch(/^(started\n)?(finished\n)?$/)
      isFinished = words.includes('finished')
      if (!isFinished) kills++
    }
    expect(readFileSync(checkpoint).equals(right)).toBe(true)
    // what a kill may leave behind, beside the checkpoint, are temporary files
    expect(readdirSync(folder).filter((name) => !name.endsWith('.tmp'))).toEqual(['checkpoint.safetensors'])
  }
})
