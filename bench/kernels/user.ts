import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import {
  type Concrete,
  evaluate,
  explain,
  fold,
  key,
  ndarray,
  normals,
  type Specs,
  type TangentError,
  tangentError
} from '../../lib/index.js'
import { leaves, rebuild } from '../../lib/core/tree.js'
import { type HostValue, isHostValue, isKeyLeaf, isSpecLeaf, type SpecLeaf } from '../../lib/graph/spec.js'
import { engineCandidates } from '../cases/engines.js'
import type { Case, Outcome } from '../harness/candidate.js'

type Arguments = readonly unknown[]

/** What a file gives for `--case`: a traced function, the specs of its arguments, and how far results may be off. */
interface UserCase {
  readonly f: (...args: Arguments) => unknown
  readonly specs: Specs<Arguments>
  /**
   * The largest relative L2 error of a result that still counts as right.
   *
   * @defaultValue 1e-5
   */
  readonly tolerance?: number
}

const isUserCase = (value: unknown): value is UserCase =>
  typeof value === 'object' &&
  value !== null &&
  'f' in value &&
  typeof value.f === 'function' &&
  'specs' in value &&
  Array.isArray(value.specs)

const importCase = (file: string): TE.TaskEither<TangentError, UserCase> =>
  pipe(
    TE.tryCatch(
      async () => (await import(pathToFileURL(resolve(file)).href)) as { readonly default?: unknown },
      (thrown) => tangentError('IoError', 'bench', 'a module that Node can import', String(thrown), file)
    ),
    TE.flatMap(({ default: found }) =>
      isUserCase(found)
        ? TE.right(found)
        : TE.left(tangentError('ConfigError', 'bench', 'a default export { f, specs }', typeof found, file))
    )
  )

/** Standard normal numbers for a spec, a key for a key; what is given as a value stays. */
const valueOf = (leaf: SpecLeaf, at: number): HostValue => {
  if (isHostValue(leaf)) return leaf
  if (isKeyLeaf(leaf)) return fold(at)(key(0))
  const size = leaf.shape.reduce((a, b) => a * b, 1)
  return ndarray.of(leaf.shape, normals(fold(at)(key(0)), size))
}

const argumentsOf = (specs: Specs<Arguments>): Concrete<Arguments> =>
  rebuild<SpecLeaf, Concrete<Arguments>>(
    'bench',
    isSpecLeaf,
    specs,
    leaves('bench', isSpecLeaf, specs).map(({ value }, i) => valueOf(value, i))
  )

/** The arrays of a result by their places in its tree. */
const outcomeOf = (value: unknown): Outcome =>
  Object.fromEntries(
    leaves('bench', isHostValue, value).flatMap(({ path, value: leaf }) =>
      leaf._tag === 'NdArray' ? [[path === '' ? 'value' : path, leaf]] : []
    )
  )

/** A user's function as a case: on every engine, checked against the reference, with rates by its optimised graph's work. */
export const userCase = (file: string): TE.TaskEither<TangentError, Case> =>
  pipe(
    importCase(file),
    TE.flatMapEither(({ f, specs, tolerance = 1e-5 }) =>
      pipe(
        explain(f, specs),
        E.map(({ cost }): Case => {
          const args = argumentsOf(specs)
          const candidates = engineCandidates<Arguments, unknown>({ f, args, outcome: outcomeOf })
          return {
            name: file,
            title: 'one call, arguments up and results back',
            work: cost,
            reference: async () => pipe(evaluate(f)(...args), E.map(outcomeOf)),
            tolerance,
            candidates: (threads) => threads.flatMap(candidates),
            comparisons: []
          }
        })
      )
    )
  )
