import * as E from 'fp-ts/lib/Either.js'
import { expect } from 'vitest'
import type { ErrorTag, TangentError } from '../../lib/core/error.js'
import { attempt } from '../../lib/graph/trace.js'

/** The error a computation refuses with; fails the spec when it does not refuse. */
export const refusalOf = (compute: () => unknown): TangentError => {
  const result = attempt(compute)
  if (E.isRight(result)) throw new Error('it did not refuse')
  return result.left
}

/** A refusal of a table: what is wrong, and what {@link expectRefusal} takes. */
export type Refusal = [what: string, ...Parameters<typeof expectRefusal>]

/** Asserts every part of a refusal; `expected` and `received` as text that they contain. */
export const expectRefusal = (
  compute: () => unknown,
  tag: ErrorTag,
  operation: string,
  expected: string,
  received: string,
  where?: string
): void => {
  const error = refusalOf(compute)
  expect({ tag: error._tag, operation: error.operation, where: error.where }).toEqual({
    tag,
    operation,
    where
  })
  expect(error.expected).toContain(expected)
  expect(error.received).toContain(received)
}
