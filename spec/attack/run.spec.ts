import * as E from 'fp-ts/lib/Either.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  attack,
  type Engine,
  evaluateOn,
  key,
  type NdArray,
  ndarray,
  nn,
  openEngine,
  ops,
  type Tensor
} from 'tangentflow'
import { labelled, norms, right, small } from './support.js'

const classes = 4
const model = small([2, 3], classes)
const batch = labelled(11, [6, 2, 3], classes)

const numbers = ({ data }: NdArray): readonly number[] => Array.from(data)

/** The rows of [rows, n] that a run made. */
const firstRows = (array: NdArray, like: NdArray): readonly number[] =>
  numbers(array).slice(0, like.data.length)

let reference: Engine
beforeAll(async () => {
  reference = right(await openEngine({ require: 'reference' })())
})
afterAll(async () => reference.dispose())

const found = async (
  how: attack.TracedAttack,
  chunk: number,
  epsilon?: number
): Promise<attack.AttackRun> => {
  const own = epsilon === undefined ? batch : { ...batch, epsilon: ndarray.full([6], epsilon) }
  return right(await attack.run(how, { chunk })(model)({}, own, key(5))(reference)())
}

describe('a run in chunks', () => {
  const cases: readonly (readonly [string, attack.TracedAttack])[] = [
    ...norms.flatMap((norm) => [
      [
        `PGD with momentum in ${norm}`,
        attack.pgd({ norm, epsilon: 0.05, steps: 7, stepSize: 0.02, momentum: 1, keep: 'best' })
      ] as const,
      [`APGD in ${norm}`, attack.apgd({ norm, epsilon: 0.05, steps: 7 })] as const
    ]),
    ['Square', attack.square({ epsilon: 0.05, steps: 9, image: [1, 2, 3] })],
    ['Square in L2', attack.square({ norm: 'l2', epsilon: 0.1, steps: 9, image: [1, 2, 3] })],
    ['APGD-T', attack.apgdT({ epsilon: 0.02, steps: 4, targets: 2 })],
    ['restarts', attack.restarts(2)(attack.apgd({ epsilon: 0.02, steps: 5 }))],
    ['the last of PGD', attack.pgd({ epsilon: 0.1, steps: 5, stepSize: 0.05 })],
    [
      'a targeted attack',
      attack.pgd({ epsilon: 0.1, steps: 5, stepSize: 0.05, target: attack.target.uniform })
    ]
  ]

  it.each(cases)('of %s finds what the traced attack finds', async (_, how) => {
    const traced = evaluateOn(how(model))({}, batch, key(5))
    const run = await found(how, 3)
    expect(numbers(run.success)).toEqual(numbers(traced.success))
    expect(numbers(run.firstSuccess)).toEqual(numbers(traced.firstSuccess))
    run.x.data.forEach((v, i) => expect(v).toBeCloseTo(traced.x.data[i]!, 6))
    const margins = firstRows(traced.margins, run.margins)
    run.margins.data.forEach((v, i) => expect(v).toBeCloseTo(margins[i]!, 5))
    expect(run.key).toEqual(key(5))
    expect(run.executed.engine).toBe('reference')
  })

  it('ends once every sample is broken, and stays with what broke it', async () => {
    const apgd = attack.apgd({ epsilon: 0.9, steps: 20, restarts: 2 })
    const run = await found(apgd, 2)
    expect(numbers(run.success)).toEqual([1, 1, 1, 1, 1, 1])
    expect(run.margins.shape[0]).toBeLessThan(15)
    const traced = evaluateOn(attack.apgd({ epsilon: 0.9, steps: 20 })(model))({}, batch, key(5))
    const [rows, n] = traced.margins.shape as [number, number]
    for (let i = 0; i < n; i++) {
      const since = traced.firstSuccess.data[i]!
      for (let row = since; row < rows; row++)
        expect(traced.margins.data[row * n + i]).toBe(traced.margins.data[since * n + i])
    }
  })

  it('is compiled once for many batches and radii', async () => {
    const engine = right(await openEngine({ require: 'reference' })())
    const apgd = attack.apgd({ epsilon: 1, steps: 7 })
    const own = (epsilon: number) => ({ ...batch, epsilon: ndarray.full([6], epsilon) })
    const prepared = right(await attack.prepare(apgd, { chunk: 3 })(model)({}, own(0))(engine)())
    const programs = engine.programs()
    const success = []
    for (const epsilon of [0, 0.05, 0.5]) {
      const run = right(await prepared({}, own(epsilon), key(1))())
      expect(run).toEqual(await found(apgd, 3, epsilon).then((other) => ({ ...other, ...run })))
      success.push(numbers(run.success).reduce((a, b) => a + b, 0))
    }
    expect(engine.programs()).toBe(programs)
    expect([...success].sort((a, b) => a - b)).toEqual(success)
    await engine.dispose()
  })

  it('needs as many programs for a thousand steps as for thirty', async () => {
    const programs = async (steps: number): Promise<number> => {
      const engine = right(await openEngine({ require: 'reference' })())
      const square = attack.square({ epsilon: 0.1, steps, image: [1, 2, 3] })
      right(await attack.prepare(square)(model)({}, batch)(engine)())
      const held = engine.programs()
      await engine.dispose()
      return held
    }
    expect(await programs(1000)).toBe(await programs(30))
  })

  it('takes any attack, a plain function too', async () => {
    const gray: attack.Attack =
      () =>
      (_params, { x }) => ({ x: ops.fill(0.5, x.shape) })
    const run = right(await attack.run(gray)(model)({}, batch, key(0))(reference)())
    expect(new Set(run.x.data)).toEqual(new Set([0.5]))
    expect(run.margins.shape).toEqual([1, 6])
    const both = right(
      await attack.run(attack.worst(gray, attack.none))(model)({}, batch, key(0))(reference)()
    )
    numbers(both.success).forEach((s, i) => expect(s).toBeGreaterThanOrEqual(run.success.data[i]!))
  })

  it.each([
    ['steps', attack.apgd({ epsilon: 0.1, steps: -1 })],
    ['epsilon', attack.square({ epsilon: NaN, image: [1, 2, 3] })],
    ['image', attack.square({ epsilon: 0.1, image: [1, 2, 4] })],
    ['fraction', attack.square({ epsilon: 0.1, fraction: 0, image: [1, 2, 3] })],
    ['targets', attack.apgdT({ epsilon: 0.1, targets: 0 })],
    ['target', attack.apgdT({ epsilon: 0.1, targets: 4 })],
    ['target', attack.fgsm({ epsilon: 0.1, target: attack.target.fixed(4) })],
    ['target', attack.fgsm({ epsilon: 0.1, target: attack.target.given })],
    ['momentum', attack.mifgsm({ epsilon: 0.1, steps: 1, stepSize: 1, momentum: NaN })],
    ['relativeStep', attack.pgd({ epsilon: 0.1, steps: 1, relativeStep: -1 })],
    ['restarts', attack.restarts(0)(attack.fgsm({ epsilon: 0.1 }))]
  ])('refuses a bad %s with a typed error', async (where, how) => {
    const result = await attack.run(how)(model)({}, batch, key(0))(reference)()
    expect(result).toMatchObject({ left: { _tag: 'ArgumentError', where } })
  })

  it('refuses a bad chunk, no attacks, and DLR on two classes', async () => {
    const attempted = async (how: attack.TracedAttack, chunk?: number, on = model) =>
      attack.run(how, chunk === undefined ? {} : { chunk })(on)({}, batch, key(0))(reference)()
    expect(await attempted(attack.fgsm({ epsilon: 0.1 }), 0)).toMatchObject({ left: { where: 'chunk' } })
    expect(E.isLeft(await attempted(attack.worst()))).toBe(true)
    const two = small([2, 3], 2)
    expect(await attempted(attack.apgd({ epsilon: 0.1, steps: 1, loss: nn.dlr }), 1, two)).toMatchObject({
      left: { _tag: 'ShapeError', operation: 'nn.dlr' }
    })
  })
})

describe('engines', () => {
  it('agree with the reference on how many samples break, to one of 30', async (ctx) => {
    const many = labelled(21, [30, 2, 3], classes)
    const attacks = [
      attack.worst(
        ...norms.map((norm) => attack.pgd({ norm, epsilon: 0.1, steps: 3, relativeStep: 2.5, keep: 'best' }))
      ),
      attack.apgd({ epsilon: 0.05, steps: 8 }),
      attack.apgd({ norm: 'l1', epsilon: 0.2, steps: 3 }),
      attack.square({ epsilon: 0.05, steps: 15, image: [1, 2, 3] }),
      attack.square({ norm: 'l2', epsilon: 0.1, steps: 15, image: [1, 2, 3] })
    ]
    const count = async (engine: Engine, how: attack.TracedAttack): Promise<number> => {
      const { success } = right(await attack.run(how)(model)({}, many, key(5))(engine)())
      return numbers(success).reduce((a, b) => a + b, 0)
    }
    const opened = await openEngine({ require: 'onnx:native' })()
    ctx.skip(E.isLeft(opened), 'onnxruntime-node is not installed')
    const engine = right(opened)
    for (const how of attacks) {
      expect(Math.abs((await count(engine, how)) - (await count(reference, how)))).toBeLessThanOrEqual(1)
    }
    await engine.dispose()
  })
})

describe('APGD', () => {
  it('looks at its step where the paper does', () => {
    expect(attack.checkpoints(100)).toEqual([22, 41, 57, 70, 80, 87, 93, 99])
    expect(attack.checkpoints(20)).toEqual([5, 9, 12, 14, 16, 18, 19, 20])
  })

  // a wavy objective of two elements, so that steps rise, fall and stall
  const objective = ([u, v]: readonly number[]): number => Math.sin(9 * u!) + Math.cos(7 * v!) - u! * v!
  const slope = ([u, v]: readonly number[]): readonly number[] => [
    9 * Math.cos(9 * u!) - v!,
    -7 * Math.sin(7 * v!) - u!
  ]
  const wavy = () => (x: Tensor) => {
    const [u, v] = [ops.at(1, 0)(x), ops.at(1, 1)(x)]
    const value = ops.sub(ops.mul(v)(u))(ops.add(ops.cos(ops.scale(7)(v)))(ops.sin(ops.scale(9)(u))))
    return ops.stack(1)([ops.scale(0)(value), value])
  }
  const loss: attack.AttackLoss = () => (z) => ops.at(1, 1)(z)
  const steps = 30

  /** Algorithm 1 of the paper, and how often each of its conditions alone halved the step. */
  const algorithm = (centre: readonly number[], epsilon: number, rho: number) => {
    const clip = (p: readonly number[]): readonly number[] =>
      p.map((value, i) => Math.min(Math.max(value, centre[i]! - epsilon, 0), centre[i]! + epsilon, 1))
    const w = attack.checkpoints(steps)
    const halvings = { few: 0, stalled: 0 }
    const losses: number[] = []
    let [at, before, top] = [centre, centre, centre]
    let [eta, rises, last, checked, halvedLast] = [2 * epsilon, 0, Infinity, -Infinity, true]
    for (let k = 0; k <= steps; k++) {
      const f = objective(at)
      losses.push(f)
      if (f > objective(top)) top = at
      if (f > last) rises++
      last = f
      const here = at
      const j = w.indexOf(k)
      if (j >= 0) {
        const few = rises < rho * (k - (w[j - 1] ?? 0))
        const stalled = !halvedLast && checked >= objective(top)
        if (few !== stalled) halvings[few ? 'few' : 'stalled']++
        if (few || stalled) [eta, at] = [eta / 2, top]
        ;[halvedLast, checked, rises] = [few || stalled, objective(top), 0]
      }
      const g = slope(at)
      const z = clip(at.map((value, i) => value + eta * Math.sign(g[i]!)))
      const a = k === 0 ? 1 : 0.75
      const next = clip(at.map((value, i) => value + a * (z[i]! - value) + (1 - a) * (value - before[i]!)))
      ;[before, at] = [here, next]
    }
    return { losses, halvings }
  }

  it('follows Algorithm 1, step by step, in L∞', () => {
    const seen = { few: 0, stalled: 0 }
    for (const centre of [
      [0.5, 0.45],
      [0.2, 0.9],
      [0.8, 0.1]
    ])
      for (const epsilon of [0.1, 0.4])
        for (const rho of [0.75, 0.1]) {
          const parts = attack.apgdIteration({ epsilon, steps, loss, rho })
          const noiseless = attack.iterate({
            ...parts,
            freeze: false,
            start: (goal, k) => {
              const { state } = parts.start(goal, k)
              const point = goal.ball.centre
              return { point, state: { ...state, previous: point, top: point } }
            }
          })
          const x = ndarray.fromNested([centre])
          const { losses } = evaluateOn(noiseless(wavy))({}, { x, y: ndarray.fromNested([0]) }, key(0))
          const expected = algorithm(centre, epsilon, rho)
          expected.losses.forEach((value, k) => expect(losses.data[k]).toBeCloseTo(value, 10))
          seen.few += expected.halvings.few
          seen.stalled += expected.halvings.stalled
        }
    expect(Math.min(seen.few, seen.stalled)).toBeGreaterThan(2)
  })
})

describe('Square', () => {
  const image: attack.ImageShape = [2, 6, 5]
  const start = 3
  const flat = labelled(start, [3, 60], classes)
  const net = small([60], classes, 2)
  const points = (steps: number) =>
    evaluateOn(
      attack.iterate({
        ...attack.squareIteration({ epsilon: 0.1, steps: 40, image }),
        steps,
        keep: 'last',
        freeze: false
      })(net)
    )({}, flat, key(1))

  it('starts with vertical stripes of ±ε, one sign for each column and channel', () => {
    const { x } = points(0)
    for (let i = 0; i < 3; i++)
      for (let c = 0; c < 2; c++)
        for (let column = 0; column < 5; column++) {
          const signs = Array.from({ length: 6 }, (_, row) => {
            const at = i * 60 + c * 30 + row * 5 + column
            return { moved: x.data[at]! - flat.x.data[at]!, wanted: x.data[at]! }
          })
          const up = signs.every(
            ({ moved, wanted }) => Math.abs(moved - 0.1) < 1e-6 || (wanted === 1 && moved >= 0)
          )
          const down = signs.every(
            ({ moved, wanted }) => Math.abs(moved + 0.1) < 1e-6 || (wanted === 0 && moved <= 0)
          )
          expect(up || down).toBe(true)
        }
  })

  it('changes one rectangle of the accepted point at a time, and its loss never falls', () => {
    const runs = Array.from({ length: 12 }, (_, steps) => points(steps))
    const best = runs.map((_, k) => Math.max(...runs.slice(0, k + 1).map(({ loss }) => loss.data[0]!)))
    let found = 0
    for (let k = 1; k < runs.length; k++) {
      // the point whose loss is the largest so far is the one that the proposal changed
      const from = runs.findIndex(({ loss }) => loss.data[0] === best[k - 1])
      const changed = Array.from({ length: 60 }, (_, at) => at).filter(
        (at) => runs[k]!.x.data[at] !== runs[from]!.x.data[at]
      )
      const place = changed.map((at) => [Math.floor((at % 30) / 5), at % 5] as const)
      const [down, across] = [0, 1].map((axis) => place.map((p) => p[axis]!)) as [number[], number[]]
      // the schedule of 40 steps: 0.8 of the image at first, a tenth, and then a twentieth or less
      const side = k === 1 ? 5 : 2
      for (const axis of [down, across])
        expect(Math.max(...axis, 0) - Math.min(...axis, 9)).toBeLessThan(side)
      found += changed.length
    }
    expect(found).toBeGreaterThan(10)
    const method = attack.squareIteration({ epsilon: 0.1, steps: 40, image })
    const whole = attack.iterate({ ...method, steps: runs.length - 1, freeze: false })
    const { loss, success } = evaluateOn(whole(net))({}, flat, key(1))
    expect(success.data[0]).toBe(runs.some((run) => run.success.data[0] === 1) ? 1 : 0)
    expect(loss.data[0]).toBe(best.at(-1))
  })
})

describe('targets', () => {
  const logits = ndarray.fromNested([
    [3, 1, 2, 0],
    [0, 5, 1, 1]
  ])
  const y = ndarray.fromNested([0, 1])
  const chosen = (target: attack.Target): readonly number[] =>
    numbers(
      evaluateOn((z: Tensor, l: Tensor) =>
        target({ logits: z, y: l, ids: undefined, given: undefined, key: key(3) })
      )(logits, y)
    )

  it('are the wrong classes by rank, one class, or a random wrong one', () => {
    expect(chosen(attack.target.ranked(1))).toEqual([2, 2])
    expect(chosen(attack.target.ranked(2))).toEqual([1, 3])
    expect(chosen(attack.target.leastLikely)).toEqual([3, 0])
    expect(chosen(attack.target.fixed(2))).toEqual([2, 2])
    const random = Array.from({ length: 40 }, (_, seed) =>
      numbers(
        evaluateOn((z: Tensor, l: Tensor) =>
          attack.target.uniform({ logits: z, y: l, ids: undefined, given: undefined, key: key(seed) })
        )(logits, y)
      )
    )
    expect(new Set(random.map(([first]) => first))).toEqual(new Set([1, 2, 3]))
    expect(new Set(random.map(([, second]) => second))).toEqual(new Set([0, 2, 3]))
  })

  it('are reached by a targeted attack, which only then succeeds', () => {
    const goal = ndarray.of(
      [6],
      numbers(batch.y).map((label) => (label + 1) % classes)
    )
    const pgd = attack.pgd({
      epsilon: 0.9,
      steps: 20,
      relativeStep: 4,
      keep: 'best',
      target: attack.target.given
    })
    const found_ = evaluateOn(pgd(model))({}, { ...batch, target: goal }, key(1))
    const logitsAt = evaluateOn((x: Tensor) => model()(x))(found_.x)
    found_.success.data.forEach((success, i) => {
      const row = numbers(logitsAt).slice(classes * i, classes * i + classes)
      expect(success).toBe(row[goal.data[i]!]! >= Math.max(...row) ? 1 : 0)
      expect(found_.margin.data[i]! <= 0).toBe(success === 1)
    })
    expect(numbers(found_.success).reduce((a, b) => a + b, 0)).toBeGreaterThan(2)
  })
})
