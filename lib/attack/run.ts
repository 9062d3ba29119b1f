import { pipe } from 'fp-ts/lib/function.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { fail, type TangentError } from '../core/error.js'
import type { HostKey } from '../core/key.js'
import { type NdArray, of } from '../core/ndarray.js'
import { sizeOf } from '../core/shape.js'
import type { Key } from '../graph/key.js'
import type { Executed, Runner } from '../graph/runner.js'
import { type Concrete, keySpec, type Specs } from '../graph/spec.js'
import type { Model } from '../nn/model.js'
import type { Attacked, Samples } from './attack.js'

/** How an attack is cut into programs. */
export interface RunOptions {
  /** Steps in one program, 10 unless given; an attack of no more steps is one program. */
  readonly chunk?: number
}

/** What an attack on an engine found: the arrays of `Attacked`, the key that repeats it, and who computed it. */
export interface Run extends Concrete<Attacked> {
  readonly key: HostKey
  readonly executed: Executed
}

/** An attack whose programs are compiled: it runs on any batch of the shapes it was prepared for. */
export type PreparedAttack<P> = (
  params: Concrete<P>,
  batch: Concrete<Samples>,
  key: HostKey
) => TaskEither<TangentError, Run>

/** Compiles an attack for arguments of the given description; concrete arguments describe themselves. */
export type PrepareAttack = <P>(
  model: Model<P>
) => (params: Specs<P>, batch: Specs<Samples>) => ReaderTaskEither<Runner, TangentError, PreparedAttack<P>>

/** An attack as programs of so many steps. */
export type Chunked = (chunk: number) => PrepareAttack

/** A traced attack as a single program. */
export const prepareWhole =
  (attack: <P>(model: Model<P>) => (params: P, batch: Samples, key: Key) => Attacked): PrepareAttack =>
  <P>(model: Model<P>) =>
  (params: Specs<P>, batch: Specs<Samples>) =>
  (runner: Runner) =>
    pipe(
      runner.compile((p: P, b: Samples, k: Key) => attack(model)(p, b, k), [params, batch, keySpec]),
      TE.map(
        (program): PreparedAttack<P> =>
          (p, b, key) =>
            pipe(
              program(p, b, key),
              TE.map(({ value, executed }): Run => ({ ...value, key, executed }))
            )
      )
    )

export const checkChunk = (chunk: number): number =>
  Number.isInteger(chunk) && chunk >= 1
    ? chunk
    : fail('ArgumentError', 'attack.prepare', 'a whole number of steps of at least 1', `${chunk}`, 'chunk')

/** Whether an attack has succeeded on every sample. */
export const allBroken = (success: NdArray): boolean => success.data.every((value) => value !== 0)

/** Arrays [rows, n] laid one below the other. */
export const belowEachOther = (parts: readonly NdArray[]): NdArray => {
  const [, n = 1] = parts[0]!.shape
  const rows = parts.reduce((count, { shape }) => count + shape[0]!, 0)
  return of(
    [rows, n],
    parts.flatMap(({ data }) => Array.from(data))
  )
}

/** The first row at which each sample's margin is at most 0, or −1. */
export const firstSuccessOf = ({ shape, data }: NdArray): NdArray => {
  const [rows, n] = shape as readonly [number, number]
  const first = new Float32Array(n).fill(-1)
  for (let row = rows - 1; row >= 0; row--)
    for (let i = 0; i < n; i++) if (!(data[row * n + i]! > 0)) first[i] = row
  return of([n], first)
}

/** For each sample the rows of one of two arrays. */
export const chooseRows = (takeB: readonly boolean[], a: NdArray, b: NdArray): NdArray => {
  const width = sizeOf(a.shape.slice(1))
  const data = a.data.slice()
  takeB.forEach((yes, i) => {
    if (yes) data.set(b.data.subarray(i * width, (i + 1) * width), i * width)
  })
  return of(a.shape, data)
}
