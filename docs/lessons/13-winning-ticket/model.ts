import {
  attack,
  type Concrete,
  data,
  type Engine,
  key,
  type Key,
  mask,
  type NdArray,
  nn,
  openEngine,
  run,
  train
} from 'tangentflow'
import { right } from '../frame/lesson.js'
import type { State } from './lesson.js'

type Params = Concrete<nn.Params>

/** What a search is asked for. */
export type Ask = Omit<State, 'epochs'>

const net = nn.serial(nn.dense(64), nn.relu, nn.dense(10))
/** The radius of all attacks. */
const EPSILON = 0.1
/** Test images on which kernels, trajectories and accuracies are measured. */
const [FEW, TESTED] = [24, 200] as const

/** Something that takes a while, computed when it is first asked for. */
const once = <A>(make: () => A): (() => A) => {
  let made: { readonly value: A } | undefined
  return () => (made ??= { value: make() }).value
}

const digits = once(data.digitsSplit)
const upTo = (count: number) => data.take(Array.from({ length: count }, (_, i) => i))

/** The engines of the lesson: compiled WebAssembly, which gpu.js writes, or ONNX Runtime; or what there is in their place. */
const engines: Readonly<Record<State['engine'], () => Promise<Engine>>> = {
  webasm: once(async () => right(await openEngine({ prefer: 'gpujs:webasm' })())),
  onnx: once(async () => right(await openEngine({ prefer: 'onnx:wasm' })()))
}

// #region attacks
const training = attack.pgd({ epsilon: EPSILON, steps: 3, relativeStep: 2 })
const testing = attack.pgd({ epsilon: EPSILON, steps: 8, relativeStep: 2.5, keep: 'best' })
// #endregion attacks

/** How far a mask's kernel and outputs are from the dense network's, on images that no search has seen. */
const distanceOf = async (engine: Engine, params: Params, kept: Params, seed: number) => {
  const { x, y } = upTo(FEW)(digits().test)
  // #region distance
  const distance = (p: nn.Params, m: nn.Params, batch: nn.Batch, k: Key) =>
    mask.distance(net.apply, testing)(p, m, batch.x, batch, k)
  const { value } = right(await run(engine)(distance)(params, kept, { x, y }, key(seed))())
  // #endregion distance
  return { kernel: value.kernel.data[0]!, output: value.output.data[0]! }
}

/** What is known of a search so far. */
export interface Searched {
  readonly history: readonly mask.SearchEvent[]
  readonly executed: string
  /** The share of each layer that is kept, by the score and by the ticket, once they are there. */
  readonly densities: Readonly<Partial<Record<'score' | 'ticket', readonly number[]>>>
  /** Before the search and after it, once it is there. */
  readonly before?: Distance
  readonly after?: Distance
}

/** What has computed a figure that shows nothing yet. */
export const NOTHING_YET = 'no engine yet'

type Distance = Readonly<Record<'kernel' | 'output', number>>

const nothing = { _tag: 'Right', right: undefined } as const

/** A pause, in which the page or its worker hears and shows something. */
const nextTurn = (): Promise<void> => new Promise((resume) => setTimeout(resume))

/** A checkpoint that keeps nothing: what saves it is a pause. */
const pause = {
  read: () => Promise.resolve(nothing),
  write: () => () => nextTurn().then(() => nothing)
}

const soon = (): Promise<void> => new Promise((resume) => setTimeout(resume, 400))

/** What a promise tells at once, then every so often or when there is news, and once more when it has its value. */
async function* polled<Told, A>(
  told: () => Told,
  work: Promise<A>,
  news: () => Promise<void> = soon
): AsyncGenerator<Told, A> {
  const state = { isDone: false }
  const finished = work.finally(() => (state.isDone = true)).catch(() => undefined)
  for (;;) {
    // asked for first: the work may end while a frame is being shown
    const wasDone = state.isDone
    yield told()
    // a failure is thrown here
    if (wasDone) return await work
    await Promise.race([soon(), news(), finished])
  }
}

const densitiesOf = (kept: Params): readonly number[] =>
  mask.countKept(kept).map((layer) => layer.kept / layer.total)

const masksOf = async (ask: Ask, tell: (news: Partial<Searched>) => void) => {
  const engine = await engines[ask.engine]()
  const history: mask.SearchEvent[] = []
  tell({ history, executed: `${engine.describe.engine}, ${engine.describe.backend}` })
  await nextTurn()
  const params = net.init(key(ask.seed), [64])
  const set = { x: digits().train.x, y: digits().train.y }
  const common = { density: ask.density, epsilon: EPSILON }
  // #region search
  const score = right(
    await mask.oneShot(net, { ...common, method: 'kernelTrace', samples: 256 })(params, set, key(1))(engine)()
  )
  const search = mask.search(net, {
    ...common,
    steps: ask.steps,
    batch: 64,
    rate: 0.05,
    c: ask.c,
    start: score.scores,
    attack: training,
    observe: (event) => () => void history.push(event),
    checkpoint: { store: pause, steps: 4 }
  })
  // #endregion search
  const densities = { score: densitiesOf(score.mask) }
  tell({ densities })
  await nextTurn()
  tell({ before: await distanceOf(engine, params, score.mask, ask.seed) })
  const { mask: ticket } = right(await search(params, set, key(ask.seed + 2))(engine)())
  const after = await distanceOf(engine, params, ticket, ask.seed)
  tell({ densities: { ...densities, ticket: densitiesOf(ticket) }, after })
  return { engine, params, set, score: score.mask, ticket }
}

/** A search that has begun. */
interface Search {
  readonly asked: string
  readonly soFar: () => Searched
  /** Resolved when there is more to tell than steps. */
  readonly news: () => Promise<void>
  readonly found: ReturnType<typeof masksOf>
}

let latest: Search | undefined

/** The search that is asked for, which both figures follow. */
const searchFor = (ask: Ask): Search => {
  const { density, steps, c, seed, engine } = ask
  const asked = [density, steps, c, seed, engine].join()
  if (latest?.asked === asked) return latest
  let known: Searched = { history: [], executed: NOTHING_YET, densities: {} }
  let wake = (): void => undefined
  const found = masksOf(ask, (more) => {
    known = { ...known, ...more }
    wake()
  })
  const news = (): Promise<void> => new Promise((resume) => (wake = resume))
  const begun = { asked, soFar: () => known, news, found }
  // one that failed is begun anew when it is asked for again
  found.catch(() => {
    if (latest === begun) latest = undefined
  })
  return (latest = begun)
}

/** A search as it goes on. */
export const searchOf = async function* (ask: Ask): AsyncGenerator<Searched> {
  const { soFar, news, found } = searchFor(ask)
  yield* polled(soFar, found, news)
}

/** The networks that are trained, in their order. */
export const RUNS = ['dense', 'order', 'start', 'ticket', 'score', 'random'] as const

/** One training so far. */
export interface Trained {
  readonly name: (typeof RUNS)[number]
  /** Robust accuracy before the first epoch and after each. */
  readonly robust: readonly number[]
  /** How far its outputs are from those of the dense run, each time that they were recorded. */
  readonly apart: readonly number[]
}

/** All trainings, told of after each epoch of each. */
export const trainingsOf = async function* (
  ask: Ask,
  epochs: number
): AsyncGenerator<{ readonly runs: readonly Trained[]; readonly executed: string }> {
  yield { runs: [], executed: NOTHING_YET }
  const { engine, params, set, score, ticket } = await searchFor(ask).found
  const executed = `${engine.describe.engine}, ${engine.describe.backend}`
  const random = right(
    await mask.oneShot(net, { density: ask.density, epsilon: EPSILON, method: 'random' })(
      params,
      set,
      key(3)
    )(engine)()
  ).mask
  const test = upTo(TESTED)(digits().test)
  const few = upTo(FEW)(digits().test).x
  const robust = async (p: Params): Promise<number> => {
    const left = (at: nn.Params, batch: nn.Batch, k: Key) => testing(net.apply)(at, batch, k).success
    const { value } = right(await run(engine)(left)(p, { x: test.x, y: test.y }, key(9))())
    return Array.from(value.data).filter((one) => one === 0).length / TESTED
  }
  const other = net.init(key(ask.seed + 1000), [64])
  const plans: Readonly<Record<Trained['name'], { start: Params; order: number; kept?: Params }>> = {
    dense: { start: params, order: 0 },
    order: { start: params, order: 1 },
    start: { start: other, order: 0 },
    ticket: { start: params, order: 0, kept: ticket },
    score: { start: params, order: 0, kept: score },
    random: { start: params, order: 0, kept: random }
  }
  const done: Trained[] = []
  let reference: readonly NdArray[] = []
  for (const name of RUNS) {
    const { start, order, kept } = plans[name]
    const began = kept === undefined ? start : mask.applyConcrete(kept)(start)
    const scores = [await robust(began)]
    const score = (p: Params) => () => async () => {
      const right = await robust(p)
      scores.push(right)
      return { _tag: 'Right', right } as const
    }
    // #region training
    const work = train.fit(net.apply, {
      optimiser: train.momentum(0.9),
      schedule: train.schedule.constant(0.1),
      attack: training,
      epochs,
      batch: 64,
      record: { x: few, times: 8 },
      validate: { score },
      checkpoint: { store: pause, steps: 7 },
      ...(kept !== undefined && { mask: kept })
    })
    const trained = work(began, set, key(100 + order))(engine)()
    // #endregion training
    const soFar = () => ({ runs: [...done, { name, robust: [...scores], apart: [] }], executed })
    const walk = polled(soFar, trained)
    let next = await walk.next()
    while (next.done !== true) {
      yield next.value
      next = await walk.next()
    }
    const outputs = right(next.value).recorded.map((one) => one.outputs)
    if (name === 'dense') reference = outputs
    done.push({ name, robust: scores, apart: outputs.map((one, t) => apartOf(one, reference[t]!)) })
    yield { runs: [...done], executed }
  }
}

const apartOf = (a: NdArray, b: NdArray): number => {
  const norm = (values: readonly number[]): number => Math.hypot(...values)
  return norm(Array.from(a.data, (value, i) => value - b.data[i]!)) / norm(Array.from(b.data))
}
