import type * as E from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import {
  type checkpoint,
  evaluateOn,
  format,
  key,
  type NdArray,
  ndarray,
  nn,
  ntk,
  type Runner,
  type TangentError,
  type Tensor,
  uniforms,
  withEngine
} from 'tangentflow'
import { blocked, type BlockedKernel, type BlockedOptions } from 'tangentflow/blocks'
import { right } from './either.js'

const { serial, dense, relu } = ntk.infinite
const infinite = serial(dense(), relu, dense())

/** The infinite kernel of a network with one hidden layer. */
export const kernel = (_: readonly [], a: Tensor, b: Tensor): Tensor => infinite.kernel(a, b).ntk

/** The kernel of all examples at once, in float64. */
export const wholeKernel = (x1: NdArray, x2: NdArray): NdArray => evaluateOn(kernel)([], x1, x2)

/** Examples with three features each. */
export const examples = (count: number, seed: number): NdArray =>
  ndarray.of(
    [count, 3],
    uniforms(key(seed), 3 * count).map((value) => value - 0.5)
  )

export const net = nn.serial(nn.dense(4), nn.relu, nn.dense(2))
export const params = net.init(key(3), [3])

/** The mean kernel of a masked network, with its parameters and its mask as one tree. */
export const masked = (
  { weights, mask }: { readonly weights: nn.Params; readonly mask: nn.Weights },
  a: Tensor,
  b: Tensor
): Tensor => ntk.empiricalNtk(net.apply, { outputs: 'mean' })(weights, a, b, mask)

export const onReference = <A>(
  use: (runner: Runner) => TE.TaskEither<TangentError, A>
): Promise<E.Either<TangentError, A>> => withEngine({ require: 'reference' })(use)()

/** Stores over files that are there. */
export const storesOf =
  (files: Map<string, Uint8Array>): checkpoint.Stores =>
  (name) => ({
    where: `folder/${name}`,
    read: TE.fromIO(() => files.get(name)),
    write: (bytes) => TE.fromIO(() => void files.set(name, bytes))
  })

/** A kernel in blocks in memory, and its files. */
export const inMemory = async (
  x1: NdArray,
  x2?: NdArray,
  options: Omit<BlockedOptions, 'stores'> = {}
): Promise<{ readonly files: Map<string, Uint8Array>; readonly blocks: BlockedKernel }> => {
  const files = new Map<string, Uint8Array>()
  const made = await onReference(blocked(kernel, { ...options, stores: storesOf(files) })([], x1, x2))
  return { files, blocks: right(made) }
}

/** The whole kernel of one batch, from its blocks. */
export const wholeOf = (files: Map<string, Uint8Array>, { shape: [n], lengths }: BlockedKernel): NdArray => {
  const data = new Float32Array(n * n)
  for (const [name, bytes] of files) {
    const [, row, column] = /^(\d+)-(\d+)\.npy$/.exec(name) ?? []
    if (row === undefined || column === undefined) continue
    const block = right(format.npy.decode(bytes))
    block.data.forEach((value, at) => {
      const i = Number(row) * lengths[0] + Math.floor(at / block.shape[1]!)
      const j = Number(column) * lengths[1] + (at % block.shape[1]!)
      data[i * n + j] = value
      data[j * n + i] = value
    })
  }
  return ndarray.of([n, n], data)
}

/** A runner that counts the programs that run. */
export const counting = (runner: Runner): { readonly runner: Runner; readonly count: () => number } => {
  let count = 0
  const compile: Runner['compile'] = (f, specs) =>
    TE.map((program: (...args: never) => unknown) => {
      return ((...args: never) => {
        count++
        return program(...args)
      }) as never
    })(runner.compile(f, specs))
  return { runner: { compile }, count: () => count }
}
