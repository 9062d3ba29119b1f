import { type ChildProcess, fork } from 'node:child_process'
import * as E from 'fp-ts/lib/Either.js'
import type { IO } from 'fp-ts/lib/IO.js'
import type { Task } from 'fp-ts/lib/Task.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import { messageOf, tangentError, type TangentError } from '../core/error.js'
import type { FromWorker, ToWorker } from './pool-messages.js'

/** Processes that do tasks, each one at a time; a process is kept for the next task. */
export interface ProcessPool<Job, Event> {
  /**
   * Does a task in a free process, or in a new one, and gives the text it answers. A task whose process ends is done again once
   * in another one; the second time it is an EngineError.
   */
  readonly run: (job: Job, onEvent: (event: Event) => IO<void>) => TE.TaskEither<TangentError, string>
  /** Asks all processes to save what they do and to stop: their tasks are StopErrors. */
  readonly stop: IO<void>
  /** Ends the processes. */
  readonly close: Task<void>
}

/** How a process that did not answer has ended. */
interface Crash {
  readonly crash: string
}

/** Milliseconds after which a process that is to end is killed. */
const PATIENCE = 5000

/** The most of what a process says on stderr that is remembered for errors. */
const TAIL = 4000

/** The end of a process in words, with the last line that it said. */
const endOf = (code: number | null, signal: string | null, said: string): string => {
  const last = said.trim().split('\n').at(-1) ?? ''
  const how = signal === null ? `a process that ended with code ${code}` : `a process ended by ${signal}`
  return last === '' ? how : `${how}: ${last}`
}

/** A process of the pool. */
interface Member {
  readonly child: ChildProcess
  readonly said: () => string
}

/**
 * How V8 collects garbage where a process is one of as many as there are cores: not on the cores of the others, where it took a
 * quarter of all, and not before there is some: results of native engines look like a heap that grows.
 */
const GARBAGE = ['--single-threaded-gc', '--initial-old-space-size=256']

const startMember = (program: string): Member => {
  const execArgv = [...process.execArgv, ...GARBAGE]
  const child = fork(program, { execArgv, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  let said = ''
  child.stderr?.on('data', (part: Buffer) => (said = (said + part.toString()).slice(-TAIL)))
  // what is sent to a process that is ending is lost; its end says so
  child.on('error', (error) => (said += `\n${error.message}`))
  return { child, said: () => said }
}

const send = ({ child }: Member, message: ToWorker): void => {
  if (child.connected) child.send(message, () => undefined)
}

/** Does one task in a process. */
const doTask = <Job, Event>(
  member: Member,
  job: Job,
  onEvent: (event: Event) => IO<void>
): Promise<E.Either<TangentError | Crash, string>> =>
  new Promise((resolve) => {
    const { child } = member
    const end = (result: E.Either<TangentError | Crash, string>): void => {
      child.off('message', hear)
      child.off('close', crashed)
      resolve(result)
    }
    const hear = (message: FromWorker<Event>): void => {
      if (message.kind === 'event') onEvent(message.event)()
      else end(message.kind === 'done' ? E.right(message.text) : E.left(message.error))
    }
    const crashed = (code: number | null, signal: string | null): void =>
      end(E.left({ crash: endOf(code, signal, member.said()) }))
    child.on('message', hear)
    child.on('close', crashed)
    send(member, { kind: 'task', job })
  })

const hasEnded = ({ child }: Member): boolean => child.exitCode !== null || child.signalCode !== null

const closed = async (member: Member): Promise<void> => {
  if (hasEnded(member)) return
  const { child } = member
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE)
    child.on('exit', () => {
      clearTimeout(timer)
      resolve()
    })
    if (child.connected) child.disconnect()
  })
}

/**
 * A pool of Node processes that run a program, which answers by `serveTasks`. As many run as tasks are given at once, so the
 * caller bounds them. The processes end with this one, however it ends.
 */
export const processPool = <Job, Event>(operation: string, program: string): ProcessPool<Job, Event> => {
  const members = new Set<Member>()
  const free: Member[] = []
  let isStopped = false

  const take = (): Member => {
    for (let member = free.pop(); member !== undefined; member = free.pop())
      if (!hasEnded(member) && member.child.connected) return member
    const member = startMember(program)
    members.add(member)
    return member
  }
  const attempt = async (
    job: Job,
    onEvent: (event: Event) => IO<void>
  ): Promise<E.Either<TangentError | Crash, string>> => {
    if (isStopped) return E.left(tangentError('StopError', operation, 'to run to its end', 'a stop'))
    const member = take()
    const result = await doTask(member, job, onEvent)
    if (E.isLeft(result) && 'crash' in result.left) members.delete(member)
    else free.push(member)
    return result
  }
  const run = async (
    job: Job,
    onEvent: (event: Event) => IO<void>
  ): Promise<E.Either<TangentError, string>> => {
    let crash = ''
    for (let tries = 0; tries < 2; tries++) {
      const result = await attempt(job, onEvent)
      if (E.isRight(result)) return result
      if (!('crash' in result.left)) return E.left(result.left)
      crash = result.left.crash
    }
    return E.left(
      tangentError('EngineError', operation, 'a process that lives until its run ends', `${crash}, twice`)
    )
  }
  return {
    run: (job, onEvent) => () =>
      run(job, onEvent).catch((thrown: unknown) =>
        E.left(tangentError('EngineError', operation, 'a process that can be started', messageOf(thrown)))
      ),
    stop: () => {
      isStopped = true
      members.forEach((member) => send(member, { kind: 'stop' }))
    },
    close: async () => {
      await Promise.all([...members].map(closed))
    }
  }
}

/** Milliseconds between two questions whether to stop. */
const ASKED = 100

/** Stops a pool as soon as `stop` says so; what it returns ends the asking. */
export const stopWhen = (pool: { readonly stop: IO<void> }, stop: Task<boolean> | undefined): IO<void> => {
  const asking = setInterval(() => {
    if (stop !== undefined) void stop().then((isStopped) => isStopped && pool.stop())
  }, ASKED)
  return () => clearInterval(asking)
}
