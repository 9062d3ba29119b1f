#!/usr/bin/env node
/**
 * The command line, `tangentflow` (in this repository also `npm start`): arguments go in, tables and files come out. This file is
 * what Node starts: streams, signals and the exit code. `program` picks the command, each in a file: `experiment-command` (the
 * bundled experiment and those of JSON files, run by `run-experiment`), `data-command` and `queue-command` (`worker` and `status`;
 * `queue-place` opens the queue). Several runs at once are computed in processes of `job-worker`, which `process-jobs` gives runs
 * (`compute-job`) and a worker its queue (`queue-job`). `read-request` reads options and writes their help, `answer` is what a
 * command gives back, `terminal` shows progress. A new command is a file with a `Command` and a word in `program`.
 */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { program } from './program.js'

/** The exit code of a program that a signal ends, by convention. */
const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

// Nobody may be reading what is said here any more, which is no reason to end a run.
process.stderr.on('error', () => undefined)

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // a reader that has seen enough has gone away
  if (error.code === 'EPIPE') return
  const reason = error.code === 'ENOSPC' ? 'the disk is full' : error.message
  process.stderr.write(`the output could not be written: ${reason}\n`)
  process.exitCode = 1
})

// A run that has begun to compute is asked to stop at its next step, where it is saved; files are written in one go each, so
// that none is half written at a second signal, or at one that comes before.
let [isStopped, isComputing, codeOfSignal] = [false, false, 1]
for (const [signal, code] of Object.entries(signals))
  process.on(signal, () => {
    if (isStopped || !isComputing) process.exit(code)
    isStopped = true
    process.stderr.write('\nstopping at the next step; another signal ends the program at once\n')
    codeOfSignal = code
  })

const code = await program(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  interactive: process.stderr.isTTY,
  columns: () => process.stderr.columns || Infinity,
  worker: join(dirname(fileURLToPath(import.meta.url)), 'job-worker.js'),
  stop: () => {
    isComputing = true
    // a turn of the event loop, in which signals arrive
    return new Promise((resolve) => setImmediate(() => resolve(isStopped)))
  }
})()
process.exitCode ??= isStopped && code !== 0 ? codeOfSignal : code
