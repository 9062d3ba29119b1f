import * as E from 'fp-ts/lib/Either.js'
import { formatError } from '../../lib/index.js'
import type { Candidate } from '../harness/candidate.js'
import { measureOne } from '../harness/measure.js'
import type { CaseMessage, CaseOrder } from './case-message.js'
import { gpuCases } from './cases.js'

// One case in a process of its own, which is ended from outside where a candidate takes too long: native code cannot be interrupted.

const tell = (message: CaseMessage): Promise<void> =>
  new Promise((resolve) => process.send?.(message, undefined, undefined, () => resolve()))

const isWanted =
  (parts: readonly string[]) =>
  ({ name }: Candidate): boolean =>
    parts.length === 0 || parts.some((part) => name.includes(part))

const measureCase = async ({
  name,
  sizes,
  threads,
  parts,
  done,
  effort
}: CaseOrder): Promise<CaseMessage> => {
  const work = gpuCases(sizes).find((each) => each.name === name)
  if (work === undefined) return { _tag: 'End', reason: `no case ${name}` }
  const candidates = work.candidates([threads]).filter(isWanted(parts)).slice(done)
  if (candidates.length === 0) return { _tag: 'End' }
  await tell({ _tag: 'Reference' })
  const reference = await work.reference()
  if (E.isLeft(reference)) return { _tag: 'End', reason: formatError(reference.left) }
  for (const candidate of candidates) {
    await tell({ _tag: 'Candidate', name: candidate.name, threads: candidate.threads })
    await tell({ _tag: 'Row', row: await measureOne(candidate, reference.right, work.tolerance, effort) })
  }
  return { _tag: 'End' }
}

process.once('message', (order: CaseOrder) => {
  void measureCase(order)
    .then(tell)
    .then(() => process.exit(0))
})
