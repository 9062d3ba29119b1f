import { beforeAll, describe, expect, it } from 'vitest'
import type { nn } from 'tangentflow'
import { attack, type Concrete, fold, key, ndarray, ops, type Tensor, withEngine } from 'tangentflow'
import { right } from '../support/either.js'
import { EPSILON, images, net, trained } from './trained.js'

// One small net, trained once, is what everything here is said of.

let params: Concrete<nn.Params>
beforeAll(async () => {
  params = await trained(12, EPSILON)
}, 60_000)

const epsilon = EPSILON
const pgd = attack.pgd({ epsilon, steps: 20, stepSize: epsilon / 10, keep: 'best', freeze: true })
const noise = attack.noise({ epsilon })

type Model = (p: nn.Params) => (x: Tensor) => Tensor

const evaluated = async (
  options: attack.EvaluateOptions,
  count = 150,
  model: Model = net.apply,
  seed = 1
): Promise<attack.Robustness> =>
  right(await withEngine()(attack.evaluate(model, options)(params, images(count), key(seed)))())

const failing = async (options: attack.EvaluateOptions): Promise<string> => {
  const result = await withEngine()(attack.evaluate(net.apply, options)(params, images(4), key(1)))()
  return result._tag === 'Left' ? result.left._tag : 'Right'
}

describe('attack.evaluate of several attacks', () => {
  const named = [
    { name: 'noise', kind: 'noise', attack: noise },
    { name: 'FGSM', attack: attack.fgsm({ epsilon }) },
    { name: 'PGD', attack: pgd }
  ] as const

  it('keeps the worst of them for each sample, and attacks only what stands', async () => {
    const all = await evaluated({ attacks: named })
    let [standing, each] = [all.cleanEach, all.cleanEach]
    for (const [j, { attack: how, name }] of named.entries()) {
      const alone = right(
        await withEngine()(
          attack.evaluate(net.apply, { attack: how })(params, images(150), fold(j)(key(1)))
        )()
      )
      each = each.map((stands, i) => stands * alone.robustEach[i]!)
      const report = all.attacks[j]!
      const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)
      expect(report).toMatchObject({ name, attacked: sum(standing), broken: sum(standing) - sum(each) })
      expect(report.robust).toBeCloseTo(sum(each) / 150, 12)
      standing = each
    }
    expect(all.robustEach).toEqual(each)
    expect(all.robust).toBeLessThan(all.clean)
  })

  it('agrees with a run on the whole set, which takes places for ids', async () => {
    const set = images(40)
    const all = await evaluated({ attacks: named, batch: 7 }, 40)
    const robust = [...all.cleanEach]
    for (const [j, { attack: how }] of named.entries()) {
      const run = right(await withEngine()(attack.run(how)(net.apply)(params, set, fold(j)(key(1))))())
      run.success.data.forEach((success, i) => (robust[i] = success === 0 ? robust[i]! : 0))
    }
    expect(all.robustEach).toEqual(robust)
  })

  it('does not depend on how batches are cut', async () => {
    const [whole, sevens] = [
      await evaluated({ attacks: named, batch: 60 }, 60),
      await evaluated({ attacks: named, batch: 7, chunk: 3 }, 60)
    ]
    expect(sevens.robustEach).toEqual(whole.robustEach)
    expect(sevens.attacks).toEqual(whole.attacks)
  })

  it('counts classes, tells what goes on and is plain JSON', async () => {
    const events: attack.EvaluateEvent[] = []
    const all = await evaluated(
      { attacks: named, batch: 64, observe: (event) => () => void events.push(event) },
      100
    )
    expect(all.classes.reduce((sum, { count }) => sum + count, 0)).toBe(100)
    for (const field of ['clean', 'robust'] as const)
      expect(all.classes.reduce((sum, one) => sum + one.count * one[field], 0)).toBeCloseTo(
        100 * all[field],
        9
      )
    for (const { name, robust } of [{ name: 'clean', robust: all.clean }, ...all.attacks]) {
      const last = events.findLast((event) => event.attack === name)!
      expect(last.done).toBe(last.total)
      expect(last.robust).toBeCloseTo(robust, 12)
    }
    // what is left falls from batch to batch, through all attacks
    for (const [i, event] of events.entries())
      expect(event.robust).toBeLessThanOrEqual(events[i - 1]?.robust ?? 1)
    expect(JSON.parse(JSON.stringify(all))).toEqual(all)
  })

  it('believes no attack: one that returns the inputs breaks nothing', async () => {
    const claims = Object.assign(
      <P>() =>
        (p: P, batch: attack.AttackBatch, k: Parameters<ReturnType<typeof pgd>>[2]) => ({
          ...pgd<P>(() => (x) => ops.sliceAxis(1, 0, 10)(x))(p, batch, k),
          x: batch.x
        }),
      {}
    )
    const all = await evaluated({ attacks: [{ name: 'liar', attack: claims }] }, 40)
    expect(all.robust).toBe(all.clean)
  })

  it('breaks nothing by what is no number: an input whose gradient is NaN', async () => {
    const rooted = (w: Tensor) => (x: Tensor) =>
      ops.concat(1)(
        [ops.sqrt(ops.sum(1, { keepDims: true })(ops.square(x))), ops.fill(0.5, [x.shape[0]!, 1])].map(
          ops.mul(w)
        )
      )
    const set = { x: ndarray.of([2, 2], [0, 0, 0.9, 0.9]), y: ndarray.fromNested([1, 0]) }
    const fgsm = attack.fgsm({ epsilon: 0.1 })
    for (const options of [{ attack: fgsm }, { attacks: [{ name: 'FGSM', attack: fgsm }] }]) {
      const found = await withEngine()(attack.evaluate(rooted, options)(ndarray.scalar(1), set, key(0)))()
      expect(right(found)).toMatchObject({ clean: 1, robust: 1 })
    }
  })

  it('refuses no attacks, two of one name and no batch', async () => {
    expect(await failing({ attacks: [] })).toBe('ArgumentError')
    expect(await failing({ attacks: [named[0], named[0]] })).toBe('ArgumentError')
    expect(await failing({ attacks: named, batch: 0 })).toBe('ArgumentError')
  })
})

describe('a trained net under attack', () => {
  it('falls from clean over noise and FGSM to PGD, and no further than a point with twice the steps', async () => {
    const robust = async (how: attack.TracedAttack): Promise<number> =>
      (await evaluated({ attack: how }, 400)).robust
    const one = { epsilon, stepSize: epsilon / 10, keep: 'best' } as const
    const clean = (await evaluated({ attack: attack.none }, 400)).robust
    const [drawn, fgsm] = [await robust(noise), await robust(attack.fgsm({ epsilon }))]
    const [forty, eighty] = [
      await robust(attack.pgd({ ...one, steps: 40 })),
      await robust(attack.pgd({ ...one, steps: 80 }))
    ]
    expect(drawn).toBeLessThanOrEqual(clean)
    expect(fgsm).toBeLessThan(drawn)
    expect(forty).toBeLessThanOrEqual(fgsm)
    expect(forty - eighty).toBeLessThan(0.01)
    expect(clean).toBeGreaterThan(0.9)
    expect(forty).toBeGreaterThan(0.5)
  })

  it('is broken more by its own gradients than by those of another net', async () => {
    const other = await trained(4)
    const moved = attack.transfer(net.apply, other)(pgd)
    const [white, black] = [await evaluated({ attack: pgd }), await evaluated({ attack: moved })]
    expect(white.robust).toBeLessThanOrEqual(black.robust)
    expect(black.robust).toBeLessThan(black.clean)
  })

  it('is at most at chance where ε is half of the box', async () => {
    const half = attack.pgd({ epsilon: 0.5, steps: 40, relativeStep: 2.5, keep: 'best', freeze: true })
    expect((await evaluated({ attack: half })).robust).toBeLessThanOrEqual(0.1)
  })

  it('falls over ε, to nothing, and over steps as the attack of so many steps says', async () => {
    const relative = attack.pgd({ epsilon: 0, steps: 20, relativeStep: 2.5, keep: 'best', freeze: true })
    const curve = right(
      await withEngine()(
        attack.overEpsilon(net.apply, { attack: relative, epsilons: [0, 0.05, 0.1, 0.2, 1] })(
          params,
          images(100),
          key(1)
        )
      )()
    )
    const clean = (await evaluated({ attack: attack.none }, 100)).clean
    expect(curve[0]!.robust).toBe(clean)
    curve.slice(1).forEach(({ robust }, i) => expect(robust).toBeLessThan(curve[i]!.robust))
    expect(curve.at(-1)!.robust).toBe(0)

    const fixed = (steps: number): attack.TracedAttack =>
      attack.pgd({ epsilon, steps, stepSize: epsilon / 10, keep: 'best' })
    const { robust } = right(
      await withEngine()(attack.overSteps(net.apply, { attack: fixed(10) })(params, images(100), key(1)))()
    )
    expect(robust).toHaveLength(11)
    for (const k of [0, 3, 10])
      expect(robust[k]).toBeCloseTo((await evaluated({ attack: fixed(k) }, 100)).robust, 12)
  })
})

describe('attack.audit', () => {
  const audited = async (model: Model): Promise<attack.Audit> =>
    right(
      await withEngine()(
        attack.audit(model, { epsilon, steps: 20, queries: 300, image: [1, 8, 8] })(
          params,
          images(100),
          key(2)
        )
      )()
    )
  const names = ({ flags }: attack.Audit): readonly string[] => flags.map(({ name }) => name)

  it('has nothing to say of an honest net', async () => {
    const found = await audited(net.apply)
    expect(found.flags).toEqual([])
    expect(found.unbounded).toBe(0)
    expect(found.overSteps).toHaveLength(41)
  })

  it('sees a quantised input: no gradient, and noise and search beat it', async () => {
    const found = await audited((p) => (x) => net.apply(p)(ops.scale(1 / 4)(ops.floor(ops.scale(4)(x)))))
    for (const name of [
      'zero gradients',
      'black box beats white box',
      'steps do not help',
      'unbounded attack fails'
    ])
      expect(names(found)).toContain(name)
  })

  it('sees logits so large that cross-entropy has no gradient', async () => {
    const found = await audited((p) => (x) => ops.scale(1000)(net.apply(p)(x)))
    for (const name of ['zero gradients', 'black box beats white box', 'steps do not help'])
      expect(names(found)).toContain(name)
    // reasons say how much
    expect(found.flags.every(({ reason, measured, limit }) => measured > limit && /\d/.test(reason))).toBe(
      true
    )
  })

  it('shows in an evaluation, too, where Square comes after gradients', async () => {
    const square = attack.square({ epsilon, steps: 200, image: [1, 8, 8] })
    const attacks = [
      { name: 'PGD', attack: pgd },
      { name: 'Square', kind: 'black box', attack: square }
    ] as const
    const masked = await evaluated({ attacks }, 60, (p) => (x) => ops.scale(1000)(net.apply(p)(x)))
    expect(masked.flags.map(({ name }) => name)).toEqual(['zero gradients', 'black box beats white box'])
    expect((await evaluated({ attacks }, 60)).flags).toEqual([])
  })
})
