// Calls public functions with arguments of the right kind and of the wrong one, a call a message. It runs in a thread of its own,
// so that a call that never ends can be told and ended.
import { parentPort, workerData } from 'node:worker_threads'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as library from 'tangentflow'
import * as experiment from 'tangentflow/experiment'
import * as io from 'tangentflow/io'
import * as laws from 'tangentflow/laws'
import * as queue from 'tangentflow/queue'
import type { Absence, Promised, Shape, Signature } from './signatures.js'

const { attack, key, ndarray, nn, ops } = library

interface Work {
  readonly signatures: readonly Signature[]
  /** How many of them, the first ones, promise errors as values: the random calls are of these. */
  readonly promising: number
  readonly absences: readonly Absence[]
  readonly seed: number
  readonly first: number
  readonly count: number
}

type Random = () => number

/** mulberry32: numbers in [0, 1) from a seed. */
const randomOf = (seed: number): Random => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const pick = <A>(random: Random, from: readonly A[]): A => from[Math.floor(random() * from.length)]!

const net = nn.serial(nn.dense(3), nn.relu, nn.dense(2))
const params = net.init(key(0), [2])
const x = ndarray.of([4, 2], [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8])
const store = { read: TE.right(undefined), write: () => TE.right(undefined) }
const opened = await library.openEngine({ require: 'reference' })()
if (opened._tag === 'Left') throw new Error(library.formatError(opened.left))
const engine = opened.right

/** Values that only the library makes, by the names of their types. */
const made: Readonly<Record<string, readonly unknown[]>> = {
  NdArray: [
    x,
    ndarray.of([4], [0, 1, 0, 1]),
    ndarray.scalar(2),
    ndarray.of([2, 2], [2, 1, 1, 2]),
    ...params.flatMap((layer): unknown[] => Object.values(layer))
  ],
  Tensor: [ops.constant(x), ops.constant(ndarray.scalar(1))],
  HostKey: [key(1)],
  Key: [key(2)],
  Runner: [engine],
  Engine: [engine],
  Store: [store],
  Network: [net],
  Layer: [nn.relu, nn.dense(2)],
  Uint8Array: [new Uint8Array(0), new Uint8Array(40)],
  Float32Array: [new Float32Array(4)],
  // no server runs: what reads or writes there ends in an error
  Redis: [{}],
  Queue: [{}]
}

const functions: readonly unknown[] = [
  net.apply,
  () => undefined,
  (a: unknown) => a,
  (a: unknown) => () => a,
  () => 1,
  ops.sum(),
  nn.crossEntropyEach,
  attack.pgd({ epsilon: 0.1, steps: 2, stepSize: 0.05 }),
  library.train.schedule.constant(0.1),
  () => {
    throw new TypeError('a mistake of the caller')
  }
]

const numbers = [0, 1, 2, 3, 0.1, 0.5, 1, 2, -1, 1.5, NaN, Infinity, -Infinity, 1e9, 2 ** 31, 2 ** 53, 1e300]

const deep = (): unknown => {
  let value: unknown = {}
  for (let i = 0; i < 20_000; i++) value = { value }
  return value
}

const circular = (): unknown => {
  const value: Record<string, unknown> = {}
  value.self = value
  return value
}

/** What nothing of the library takes. */
const junk: readonly unknown[] = [
  undefined,
  null,
  '',
  'linf',
  'Linf',
  '3',
  '__proto__',
  true,
  7n,
  Symbol('junk'),
  new Date(0),
  /x/,
  {},
  [],
  [[]],
  [null],
  { length: 2 },
  { _tag: 'NdArray' },
  { _tag: 'NdArray', shape: [2], data: null },
  { _tag: 'Tensor' },
  { then: 1 },
  Object.create(null),
  new Map([[1, 2]]),
  new Float32Array(3),
  [1, 'a', [2]],
  { x: 'text', y: [] },
  deep(),
  circular(),
  new Proxy(
    {},
    {
      get: () => {
        throw new RangeError('a proxy that throws')
      }
    }
  ),
  ...numbers,
  ...functions,
  ...Object.values(made).flat(),
  params,
  { x, y: ndarray.of([4], [0, 1, 0, 1]) }
]

/** A value of the right kind, and with a probability of any other. */
const valueOf = (random: Random, shape: Shape, wrong: number): unknown => {
  if (random() < wrong) return pick(random, junk)
  switch (shape.kind) {
    case 'number':
      return pick(random, numbers)
    case 'text':
      return pick(random, ['', 'reference', 'w', 'linf', 'pgd', 'x.npy', '__proto__', 'a/../b', '\u0000'])
    case 'boolean':
      return random() < 0.5
    case 'literal':
      return shape.value
    case 'function':
      return pick(random, functions)
    case 'any':
      return pick(random, [...functions, params, x, key(3), [x], { x }])
    case 'made':
      return pick(random, made[shape.name]!)
    case 'union':
      return valueOf(random, pick(random, shape.of), wrong)
    case 'list':
      return random() < 0.3
        ? params
        : Array.from({ length: Math.floor(3 * random()) }, () => valueOf(random, shape.of, wrong))
    case 'tuple':
      return shape.of.map((one) => valueOf(random, one, wrong))
    case 'record': {
      const fields = Object.entries(shape.fields).filter(() => random() < 0.6)
      const odd = random() < 0.05 ? [['unheardOf', 1] as const] : []
      return Object.fromEntries([
        ...fields.map(([name, one]) => [name, valueOf(random, one, wrong)] as const),
        ...odd
      ])
    }
  }
}

const isEither = (value: unknown): value is { readonly _tag: 'Left' | 'Right'; readonly left?: unknown } =>
  typeof value === 'object' &&
  value !== null &&
  '_tag' in value &&
  (value._tag === 'Left' || value._tag === 'Right')

const isWord = (value: unknown): boolean => typeof value === 'string' && value !== ''

/** What is wrong with what came of a call, or nothing. */
const complaint = (value: unknown): string | undefined => {
  if (!isEither(value)) return `neither Left nor Right: ${String(value)}`
  if (value._tag === 'Right') return undefined
  const { _tag, operation, expected, received } = value.left as library.TangentError
  return [_tag, operation, expected, received].every(isWord)
    ? undefined
    : `a Left without words: ${[_tag, operation, expected, received].map(String).join(', ')}`
}

const end: Readonly<Record<Promised, (promised: unknown, random: Random) => unknown>> = {
  Either: (promised) => promised,
  IOEither: (promised) => (promised as () => unknown)(),
  TaskEither: (promised) => (promised as () => unknown)(),
  ReaderTaskEither: (promised, random) =>
    (promised as (runner: unknown) => () => unknown)(random() < 0.1 ? pick(random, junk) : engine)(),
  Value: (value) => value
}

const roots: Readonly<Record<string, unknown>> = { ...library, experiment, io, laws, queue }

const resolve = (name: string): unknown =>
  name.split('.').reduce<unknown>((from, part) => (from as Record<string, unknown>)[part], roots)

type Args = readonly unknown[]

/** The arguments of a call of the random kind: some of them wrong, and sometimes too few. */
const mixed =
  (random: Random) =>
  (shapes: readonly Shape[]): Args => {
    const given = shapes.map((shape) => valueOf(random, shape, 0.12))
    return random() < 0.1 ? given.slice(0, Math.floor(random() * (given.length + 1))) : given
  }

/** Arguments of the right kind, but for one that is not there. */
const lacking =
  (random: Random, { stage, place, value }: Absence) =>
  (shapes: readonly Shape[], at: number): Args => {
    const given = shapes.map((shape) => valueOf(random, shape, 0))
    return at !== stage
      ? given
      : place === 'all'
        ? []
        : given.with(place, value === 'null' ? null : undefined)
  }

const isOwn = (thrown: unknown): thrown is InstanceType<typeof library.TangentFailure> =>
  thrown instanceof library.TangentFailure

const isRaw = (thrown: unknown): boolean =>
  [TypeError, RangeError, ReferenceError].some((kind) => thrown instanceof kind)

/** What is wrong with what a call gives, or with what it threw. */
const call = async (
  { name, stages, promised }: Signature,
  random: Random,
  argsOf: (shapes: readonly Shape[], stage: number) => Args
): Promise<string | undefined> => {
  try {
    let at = resolve(name)
    // a type that is exported alone
    if (at === undefined) return undefined
    for (const [stage, shapes] of stages.entries()) {
      at = (at as (...args: Args) => unknown)(...argsOf(shapes, stage))
      // a wrong argument may be refused before the last call
      if (isEither(at)) return complaint(at)
      // and where a callback gives something else than its type says, there is no further call
      if (promised === 'Value' && typeof at !== 'function') break
    }
    const ended = await end[promised](at, random)
    return promised === 'Value' ? undefined : complaint(ended)
  } catch (thrown) {
    if (promised === 'Value') {
      if (isOwn(thrown)) return complaint({ _tag: 'Left', left: thrown.error })
      // laws raise what fast-check does
      if (!isRaw(thrown)) return undefined
    }
    return thrown instanceof Error
      ? `${thrown.name}: ${thrown.stack ?? thrown.message}`
      : `threw ${String(thrown)}`
  }
}

const { signatures, promising, absences, seed, first, count } = workerData as Work
for (let n = first; n < count; n++) {
  const absence = absences[n]
  const signature = signatures[absence?.signature ?? n % promising]!
  parentPort!.postMessage({ begun: n, name: signature.name })
  // calls with something missing are a table: what is there is the same in every run
  const random = randomOf((absence === undefined ? seed : 1) + n * 7919)
  const fault = await call(
    signature,
    random,
    absence === undefined ? mixed(random) : lacking(random, absence)
  )
  if (fault !== undefined) parentPort!.postMessage({ fault, n, name: signature.name })
}
parentPort!.postMessage({ finished: true })
await engine.dispose()
