import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { compile, engineNames, formatError, openEngine } from 'tangentflow'
import { describe, it } from 'vitest'
import { specsOf } from '../../lib/graph/spec.js'
import { right } from '../support/either.js'
import { ownsItsMemory } from '../support/ownership.js'

const names = engineNames.filter(
  (name) => !['onnx:native', 'onnx:cuda', 'onnx:coreml', 'onnx:dml', 'gpujs:headlessgl'].includes(name)
)

describe.each(names)('%s in a page', (name) => {
  it('gives results that are the caller’s', async (context) => {
    const opened = await openEngine({ require: name })()
    if (E.isLeft(opened)) return context.skip(formatError(opened.left))
    await ownsItsMemory(
      async (f, args) =>
        right(
          await pipe(
            compile(opened.right)(f, specsOf('spec', args)),
            TE.flatMap((program) => program(...args))
          )()
        ).value,
      name.startsWith('gpujs:web') ? 4 : 10
    )
    await opened.right.dispose()
  })
})
