import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import type * as E from 'fp-ts/lib/Either.js'
import { PASSWORD } from '../../bench/harness/own-redis.js'
import { withEngine } from '../../lib/engine/open-engine.js'
import * as experiment from '../../lib/experiment/index.js'
import { queueJobs, type RunQueue } from '../../lib/queue/index.js'
import { right } from '../support/either.js'
import { smallTraining } from '../support/small-training.js'

export const VERSION = '0.2.0'
export const choice = { engine: 'reference' } as const

/** Two runs of one seed, of which the second is measured beside the first. */
export const pair: experiment.Experiment = {
  name: 'pair',
  data: { set: 'digits', validation: 0, train: 100, test: 40 },
  network: { kind: 'mlp', hidden: [8] },
  seeds: [0],
  methods: [{ kind: 'dense' }, { kind: 'random' }],
  densities: [0.5],
  training: { ...smallTraining, epochs: 2 },
  evaluation: { epsilon: 0.05, attacks: [{ kind: 'fgsm' }] },
  measures: { kernelImages: 2, dynamicsImages: 4, checkpoints: 2 }
}
export const single: experiment.Experiment = { ...pair, methods: [{ kind: 'dense' }] }

/** An engine that is everywhere. */
export const withReference = withEngine({ require: 'reference' })
/** The experiment through a queue. */
export const asked = (opened: RunQueue, setting: experiment.Experiment) =>
  experiment.run(setting, { jobs: queueJobs(opened, setting, choice) })(withReference)()
/** Results without their times. */
export const timeless = (result: E.Either<unknown, experiment.ExperimentRecord>): unknown =>
  right(result).runs.map(({ seconds: _seconds, ...run }) => run)

/** A process, and what it has said. */
export interface Spoken {
  readonly child: ChildProcess
  readonly said: () => string
  readonly ended: Promise<number | null>
}

/** Starts workers of a built `worker-program.ts`; `endWorkers` ends those that are left. */
export const workersOf = (program: string) => {
  const started: ChildProcess[] = []
  return {
    worker: (url: string, version = VERSION, password = PASSWORD, env: NodeJS.ProcessEnv = {}): Spoken => {
      const child = spawn(process.execPath, [program, url, password, version], {
        env: { ...process.env, ...env }
      })
      started.push(child)
      let said = ''
      child.stdout.on('data', (part: Buffer) => (said += part.toString()))
      child.stderr.on('data', (part: Buffer) => (said += part.toString()))
      const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
      return { child, said: () => said, ended }
    },
    endWorkers: (): void => started.forEach((child) => void child.kill('SIGKILL'))
  }
}

/** Looks until something holds. */
export const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await holds())) await wait(50)
}
