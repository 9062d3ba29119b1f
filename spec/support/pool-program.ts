import { setTimeout as wait } from 'node:timers/promises'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { tangentError } from '../../lib/core/error.js'
import { serveTasks } from '../../lib/io/serve-tasks.js'

// A process of a pool for spec/io/process-pool.spec.ts: tells its number, then does what it is asked for.
serveTasks<number>('spec', (job, { emit, stop }) => async () => {
  emit(process.pid)()
  if (job === 'exit') {
    process.stderr.write('out of luck\n')
    process.exit(7)
  }
  if (job === 'throw') throw new Error('thrown')
  for (let i = 0; i < (job === 'wait' ? 100 : 0); i++) {
    await wait(20)
    if (await stop()) return TE.left(tangentError('StopError', 'spec', 'to run to its end', 'a stop'))()
  }
  return TE.right(job === 'wait' ? 'waited' : 'answered')()
})
