import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Row } from '../harness/measure.js'
import type { CaseMessage, CaseOrder } from './case-message.js'

/** What came of one process: rows, and whether candidates may be left. */
interface Part {
  readonly rows: readonly Row[]
  readonly isOver: boolean
}

/** `case-process.ts`, as it was compiled. */
const CASE_PROCESS = fileURLToPath(new URL('./case-process.js', import.meta.url))

/** What came of a process that was ended, or ended of itself, after it had told its stage. */
const partOf = (stage: CaseMessage, rows: readonly Row[], why: string): Part => {
  const withFailure = (name: string, threads: number, reason: string): readonly Row[] => [
    ...rows,
    { _tag: 'Failed', name, threads, reason }
  ]
  if (stage._tag === 'Reference') return { rows: withFailure('reference', 1, why), isOver: true }
  if (stage._tag === 'Row') return { rows, isOver: false }
  if (stage._tag === 'Candidate') return { rows: withFailure(stage.name, stage.threads, why), isOver: false }
  const { reason } = stage
  return { rows: reason === undefined ? rows : withFailure('reference', 1, reason), isOver: true }
}

/** Candidates until all are measured, one fails with its process, or one takes longer than the limit, in ms. */
const runProcess = (
  order: CaseOrder,
  limit: number,
  say: (line: string) => void,
  program: string
): Promise<Part> =>
  new Promise((resolve) => {
    const rows: Row[] = []
    let stage: CaseMessage = { _tag: 'Reference' }
    let reason: string | undefined
    // What a peer prints is not part of the table. NaN has to arrive as NaN.
    const child = fork(program, [], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: { ...process.env, BENCH_TORCH_DEVICE: 'cuda' }
    })
    const end = (): void => {
      reason = `more than the limit of ${limit / 1000} s`
      child.kill('SIGKILL')
    }
    // Starting the process does not count.
    let timer: NodeJS.Timeout | undefined
    child.on('message', (message: CaseMessage) => {
      clearTimeout(timer)
      timer = setTimeout(end, limit)
      stage = message
      if (message._tag === 'Row') rows.push(message.row)
      if (message._tag === 'Reference') say(`${order.name}: computing the reference`)
      if (message._tag === 'Candidate') say(`${order.name}: measuring ${message.name}`)
    })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      resolve(partOf(stage, rows, reason ?? `its process ended with ${code ?? signal}`))
    })
    // where it ends before it listens, `close` says so
    child.send(order, () => undefined)
  })

/**
 * The rows of a case. A candidate that takes longer than the limit, in ms, or ends the process is a failed row; the others
 * are measured in a new process. Without a reference in time nothing is measured.
 */
export const runCase = async (
  order: CaseOrder,
  limit: number,
  say: (line: string) => void,
  program: string = CASE_PROCESS
): Promise<readonly Row[]> => {
  const { rows, isOver } = await runProcess(order, limit, say, program)
  if (isOver) return rows
  return [...rows, ...(await runCase({ ...order, done: order.done + rows.length }, limit, say, program))]
}
