import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { type NdArray, ndarray, tangentError, type TangentError } from '../../lib/index.js'
import type { Candidate, Outcome, Ready } from '../harness/candidate.js'

/** A script of `bench/peers` and what it is given; it speaks as `wire.py` says. */
export interface PythonPeer {
  readonly name: string
  readonly script: string
  readonly values: { readonly [name: string]: number }
  readonly arrays: { readonly [name: string]: NdArray }
}

const Version = t.type({ version: t.string })
const Time = t.type({ ms: t.number })
const Shapes = t.type({ shapes: t.record(t.string, t.array(t.number)) })

const writeArrays = async (folder: string, { values, arrays }: PythonPeer): Promise<void> => {
  const shapes = Object.fromEntries(Object.entries(arrays).map(([name, { shape }]) => [name, shape]))
  await writeFile(join(folder, 'index.json'), JSON.stringify({ values, shapes }))
  for (const [name, { data }] of Object.entries(arrays))
    await writeFile(join(folder, `${name}.f32`), Float32Array.from(data))
}

const readOutcome = async (folder: string, shapes: { readonly [name: string]: number[] }): Promise<Outcome> =>
  Object.fromEntries(
    await Promise.all(
      Object.entries(shapes).map(async ([name, shape]) => {
        const bytes = await readFile(join(folder, `out-${name}.f32`))
        return [name, ndarray.of(shape, new Float32Array(Uint8Array.from(bytes).buffer))] as const
      })
    )
  )

/**
 * What holds all libraries of a Python process to a number of threads. `torch.set_num_threads` is not enough: OpenBLAS, which
 * Debian's torch multiplies with, takes every core unless its own variable says otherwise. OpenMP threads that spin while they
 * wait keep OpenBLAS's from the cores: the step of `pgd-train-step` takes 110 ms with them, 38 without.
 */
const limits = (threads: number): Readonly<Record<string, string>> => ({
  OPENBLAS_NUM_THREADS: `${threads}`,
  OMP_NUM_THREADS: `${threads}`,
  MKL_NUM_THREADS: `${threads}`,
  OMP_WAIT_POLICY: 'PASSIVE'
})

/** A child process that answers one line for each line it is sent. */
const converse = (command: string, args: readonly string[], threads: number) => {
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...limits(threads) }
  })
  const complaints: string[] = []
  child.stderr.on('data', (part: Buffer) => complaints.push(part.toString()))
  child.stdin.on('error', () => undefined)
  const ended = new Promise<never>((_, reject) => {
    const end = (reason: string): void =>
      reject(new Error(complaints.join('').trim().split('\n').pop() || reason))
    child.on('error', (error) => end(error.message))
    child.on('close', (code) => end(`${command} ended with ${code ?? 'a signal'}`))
  })
  ended.catch(() => undefined)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const answer = async <A>(codec: t.Type<A>): Promise<A> => {
    const line = await Promise.race([lines.next(), ended])
    if (line.done === true) return ended
    const decoded = codec.decode(JSON.parse(line.value))
    if (E.isLeft(decoded)) throw new Error(`an answer that cannot be read: ${line.value}`)
    return decoded.right
  }
  return {
    answer,
    ask: <A>(question: string, codec: t.Type<A>): Promise<A> => {
      child.stdin.write(`${question}\n`)
      return answer(codec)
    },
    close: () => child.stdin.end()
  }
}

const start = async (peer: PythonPeer, command: string, folder: string, threads: number): Promise<Ready> => {
  const script = join('bench', 'peers', peer.script)
  const { answer, ask, close } = converse(command, [script, folder, String(threads)], threads)
  const { version } = await answer(Version)
  return {
    stages: {},
    once: async () => {
      const { shapes } = await ask('once', Shapes)
      const outcome = await readOutcome(folder, shapes)
      return { outcome, executed: { engine: peer.name, backend: version, threads } }
    },
    step: async () => (await ask('step', Time)).ms,
    dispose: async () => {
      close()
      await rm(folder, { recursive: true })
    }
  }
}

/** Where torch may be: the first Python on the path, or the system's. */
const commands = ['python3', '/usr/bin/python3']

/** A peer in a child process. It times itself, so that the way to it and back is not counted. */
export const pythonPeer =
  (peer: PythonPeer) =>
  (threads: number): Candidate => ({
    name: peer.name,
    threads,
    open: async () => {
      const reasons: string[] = []
      for (const command of commands) {
        const folder = await mkdtemp(join(tmpdir(), 'tangentflow-bench-'))
        try {
          await writeArrays(folder, peer)
          return E.right<TangentError, Ready>(await start(peer, command, folder, threads))
        } catch (thrown) {
          reasons.push(thrown instanceof Error ? thrown.message : String(thrown))
          await rm(folder, { recursive: true })
        }
      }
      return E.left(
        tangentError('EngineError', 'bench', 'a Python with torch', [...new Set(reasons)].join('; '))
      )
    }
  })
