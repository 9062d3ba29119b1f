import * as E from 'fp-ts/lib/Either.js'
import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import { formatError, type TangentError } from '../../lib/core/error.js'
import type { Engine } from '../../lib/engine/engine.js'
import { type EngineName, openEngine } from '../../lib/engine/index.js'
import { right } from './either.js'

/** Engines that are anywhere; every other one needs hardware, a browser or a build that may not be there. */
const everywhere: readonly EngineName[] = [
  'reference',
  'onnx:native',
  'onnx:wasm',
  'gpujs:webasm',
  'gpujs:cpu'
]

/** Whether an engine need not be there. */
export const isOptional = (name: EngineName): boolean => !everywhere.includes(name)

/**
 * The engine of this name and no other, open while the specs of a `describe` run; where one that need not be there is not,
 * they are skipped with the reason.
 */
export const openedEngine = (name: EngineName): (() => Engine) => {
  let opened: E.Either<TangentError, Engine> | undefined
  beforeAll(async () => {
    opened = await openEngine({ require: name })()
    if (E.isRight(opened) || !isOptional(name)) expect(right(opened).describe.engine).toBe(name)
  })
  beforeEach((context) => {
    if (opened !== undefined && E.isLeft(opened)) context.skip(formatError(opened.left))
  })
  afterAll(() => (opened !== undefined && E.isRight(opened) ? opened.right.dispose() : undefined))
  return () => right(opened!)
}
