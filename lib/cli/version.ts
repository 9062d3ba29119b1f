import { createRequire } from 'node:module'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import type { TangentError } from '../core/error.js'
import { decode } from '../format/codec.js'

/** The version of the package that this file is part of. */
export const readVersion = (): E.Either<TangentError, string> =>
  pipe(
    createRequire(import.meta.url)('tangentflow/package.json') as unknown,
    decode('tangentflow', t.type({ version: t.string })),
    E.map(({ version }) => version)
  )
