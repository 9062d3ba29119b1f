import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { key } from '../../../lib/core/key.js'
import { of, scalar, toNested, toNumber } from '../../../lib/core/ndarray.js'
import { customVjp, grad, jvp, vmap } from '../../../lib/diff/index.js'
import { evaluateGraph, evaluateOn } from '../../../lib/graph/evaluate.js'
import { print, topological } from '../../../lib/graph/graph.js'
import { fold, type Key, random, split } from '../../../lib/graph/key.js'
import { ops } from '../../../lib/graph/ops/index.js'
import { keySpec, spec } from '../../../lib/graph/spec.js'
import type { Tensor } from '../../../lib/graph/tensor.js'
import { trace, traceOrThrow } from '../../../lib/graph/trace.js'
import { compare, judge } from '../../../lib/laws/compare.js'
import { law, showReport, worstOf } from '../../../lib/laws/law.js'
import { optimise } from '../../../lib/optimise/index.js'
import { unrollLoops } from '../../../lib/optimise/unroll-loops.js'
import { bothSides, loopCases, views } from '../../support/loops.js'
import { sameValue } from '../../support/optimised.js'
import { expectRefusal, type Refusal } from '../../support/refusal.js'
import { runs } from '../../support/runs.js'

describe.each(views)('the %s of a random loop', (name, view, cases) => {
  it('is that of the loop written out', { timeout: 120_000 }, () => {
    const report = law(
      name,
      loopCases,
      (drawn) => {
        const [scan, unrolled] = bothSides(view, drawn)
        return compare(judge(scan), judge(unrolled))
      },
      { runs: runs(cases) }
    )
    console.info(showReport(report))
  })

  it(
    'is computed by the loop itself, with the same bits as by its steps, and kept by the optimiser',
    { timeout: 120_000 },
    () => {
      law(
        name,
        loopCases,
        (drawn) => {
          const [{ graph, values }] = bothSides(view, drawn)
          const made = evaluateGraph(graph, values)
          expect(made).toEqual(evaluateGraph(unrollLoops(graph), values))
          const optimised = optimise(graph)
          return worstOf([
            sameValue({ graph, values }, optimised),
            sameValue({ graph, values }, optimise(unrollLoops(graph)))
          ])
        },
        { runs: runs(30) }
      )
    }
  )
})

/** x ↦ r x (1 − x), the logistic map, some steps of it. */
const logistic =
  (length: number) =>
  (x: Tensor, r: Tensor): Tensor =>
    ops.scan((y: Tensor) => [ops.mul(ops.mul(ops.sub(y)(ops.ones([])))(y))(r), []] as const, length)(x)[0]

describe('a loop', () => {
  it('sums and multiplies: worked by hand', () => {
    // c ← 2 c + x over x = 1, 2, 3 from c = 1: 3, 8, 19; the steps give the number of the step times c
    const f = (c: Tensor, xs: Tensor) =>
      ops.scan((c: Tensor, x: Tensor, i: Tensor) => [ops.add(x)(ops.scale(2)(c)), ops.mul(i)(c)] as const, 3)(
        c,
        xs
      )
    const [last, stacked] = evaluateOn(f)(scalar(1), of([3], [1, 2, 3]))
    expect([toNumber(last), toNested(stacked)]).toEqual([19, [0, 3, 16]])
    const slope = evaluateOn(grad((xs: Tensor, c: Tensor) => f(c, xs)[0]))(of([3], [1, 2, 3]), scalar(1))
    expect(toNested(slope)).toEqual([4, 2, 1])
  })

  it('has the derivatives of the logistic map', () => {
    // f(f(x)) = r²x(1 − x)(1 − r x(1 − x)); by the chain rule its slope is f′(f(x)) f′(x), with f′(x) = r (1 − 2x)
    const [x, r] = [0.3, 3.2]
    const slope = (y: number): number => r * (1 - 2 * y)
    const y = r * x * (1 - x)
    const found = evaluateOn(grad(logistic(2)))(scalar(x), scalar(r))
    expect(toNumber(found)).toBeCloseTo(slope(y) * slope(x), 12)
    // (f∘f)″ = f″(y) f′(x)² + f′(y) f″(x), with f″ = −2r
    const second = evaluateOn(grad(grad(logistic(2))))(scalar(x), scalar(r))
    expect(toNumber(second)).toBeCloseTo(-2 * r * slope(x) ** 2 - 2 * r * slope(y), 11)
  })

  it('does not grow with its length, nor do its derivatives', () => {
    const nodes = (length: number): number =>
      topological(traceOrThrow(grad(grad(logistic(length))), [spec([]), spec([])]).graph.outputs).length
    expect(nodes(1000)).toBe(nodes(2))
  })

  it('within a loop is differentiated and batched', () => {
    // the k-th step adds k entries of the inner loop's stack: Σₖ Σⱼ xₖ² = 3 Σ xₖ²
    const f = (xs: Tensor): Tensor =>
      ops.scan(
        (sum: Tensor, x: Tensor) => [
          ops.scan((inner: Tensor) => [ops.add(ops.square(x))(inner), []] as const, 3)(sum)[0],
          []
        ],
        2
      )(ops.constant(0), xs)[0]
    expect(toNested(evaluateOn(grad(f))(of([2], [1, 5])))).toEqual([6, 30])
    const rows = evaluateOn((xs: Tensor) => vmap(grad(f))(xs))(of([2, 2], [1, 5, 2, 3]))
    expect(toNested(rows)).toEqual([
      [6, 30],
      [12, 18]
    ])
  })

  it('keeps rules of a derivative of its own, and constants', () => {
    const clipped = customVjp(
      'clip',
      (x: Tensor) => x,
      (_args, _out, ct) => [ops.clip(-1, 1)(ct)]
    )
    const f = (x: Tensor): Tensor => ops.scan((y: Tensor) => [ops.scale(3)(clipped(y)), []] as const, 2)(x)[0]
    // cotangents 1 → 3, clipped to 1 → 3, clipped to 1
    expect(toNumber(evaluateOn(grad(f))(scalar(1)))).toBe(1)
    const held = (x: Tensor): Tensor =>
      ops.scan((y: Tensor) => [ops.mul(ops.stopGradient(y))(x), []] as const, 3)(x)[0]
    // y₃ = x·stop(y₂), y₂ = x³
    expect(toNumber(evaluateOn(grad(held))(scalar(2)))).toBe(8)
    const forward = trace((x: Tensor) => jvp(f)(x, x)[1], [spec([])])
    expect(E.isLeft(forward) && forward.left._tag).toBe('DiffError')
  })

  it('gives each step the child of a key, also in a loop within it', () => {
    const draw = (k: Key): readonly Tensor[] => [random.normal([2])(k), random.uniform([3])(fold(7)(k))]
    const loop = (k: Key): readonly Tensor[] =>
      ops.scan((c: Tensor, k: Key) => [c, draw(k)], 3)(ops.ones([]), k)[1]
    const calls = (k: Key): readonly Tensor[] => {
      const all = split(3)(k).map(draw)
      return [0, 1].map((i) => ops.stack(0)(all.map((row) => row[i]!)))
    }
    expect(evaluateOn(loop)(key(5))).toEqual(evaluateOn(calls)(key(5)))
    expect(evaluateOn(() => loop(key(5)))()).toEqual(evaluateOn(calls)(key(5)))
    const nested = (k: Key): readonly Tensor[] =>
      ops.scan((c: Tensor, k: Key) => [c, loop(fold(1)(k))], 2)(ops.ones([]), k)[1]
    const nestedCalls = (k: Key): readonly Tensor[] => {
      const all = split(2)(k).map((child) => calls(fold(1)(child)))
      return [0, 1].map((i) => ops.stack(0)(all.map((row) => row[i]!)))
    }
    expect(evaluateOn(nested)(key(5))).toEqual(evaluateOn(nestedCalls)(key(5)))
  })

  it('gives each step the key with its number folded in, where that is asked for', () => {
    const step = (ids: Tensor) => (c: Tensor, k: Key) => [c, random.normal([2, 3], ids)(fold(7)(k))] as const
    const noise = (k: Key, ids: Tensor): Tensor =>
      ops.scan(step(ids), 3, { keys: 'fold' })(ops.ones([]), k)[1]
    const calls = (k: Key, ids: Tensor): Tensor =>
      ops.stack(0)([0, 1, 2].map((i) => random.normal([2, 3], ids)(fold(7)(fold(i)(k)))))
    const [ids, expected] = [of([2], [4, 9]), evaluateOn(calls)(key(5), of([2], [4, 9]))]
    expect(evaluateOn(noise)(key(5), ids)).toEqual(expected)
    expect(evaluateOn(() => noise(key(5), ops.constant(ids)))()).toEqual(expected)
  })

  it('is written out as by hand: with the draws of each step, and the numbers that it gets', () => {
    const step = (c: Tensor, k: Key, x: Tensor): Tensor => ops.add(ops.mul(x)(random.normal([2])(k)))(c)
    const xs = [0.5, 2, -3]
    const loop = (c: Tensor, k: Key): Tensor =>
      ops.scan(
        (c: Tensor, { k, x }: { readonly k: Key; readonly x: Tensor }) => [step(c, k, x), []] as const,
        3
      )(c, { k, x: ops.constant(of([3], xs)) })[0]
    const calls = (c: Tensor, k: Key): Tensor =>
      split(3)(k).reduce((sum, child, i) => step(sum, child, ops.constant(xs[i]!)), c)
    const [flat, byHand] = [loop, calls].map((f) => traceOrThrow(f, [spec([2]), keySpec]).graph)
    expect(print(optimise(unrollLoops(flat!)))).toBe(print(optimise(byHand!)))
  })

  it('draws rows by ids from outside', () => {
    const step = (ids: Tensor) => (c: Tensor, k: Key) => [c, random.normal([2, 3], ids)(k)] as const
    const noise = (k: Key, ids: Tensor): Tensor => ops.scan(step(ids), 2)(ops.ones([]), k)[1]
    const calls = (k: Key, ids: Tensor): Tensor =>
      ops.stack(0)(split(2)(k).map((child) => random.normal([2, 3], ids)(child)))
    const ids = of([2], [4, 9])
    expect(evaluateOn(noise)(key(1), ids)).toEqual(evaluateOn(calls)(key(1), ids))
  })

  it('is printed with its body below it', () => {
    const { graph } = traceOrThrow(logistic(4), [spec([]), spec([])])
    expect(print(graph)).toContain(
      '= scan %0, %1 {4 steps, 1 carried, 0 sequences}\n  %0: f32[] = input index'
    )
  })
})

const x = ops.ones([2])
const keep = (c: Tensor): readonly [Tensor, readonly Tensor[]] => [c, []]
const refusals: readonly Refusal[] = [
  ['no steps', () => ops.scan(keep, 0)(x), 'ArgumentError', 'ops.scan', 'a whole number', '0', 'length'],
  [
    'a negative length',
    () => ops.scan(keep, -2)(x),
    'ArgumentError',
    'ops.scan',
    'a whole number',
    '-2',
    'length'
  ],
  [
    'half a step',
    () => ops.scan(keep, 1.5)(x),
    'ArgumentError',
    'ops.scan',
    'a whole number',
    '1.5',
    'length'
  ],
  [
    'a carry that grows',
    () => ops.scan((c: Tensor) => [ops.concat(0)([c, c]), []] as const, 2)(x),
    'ShapeError',
    'ops.scan',
    'shape [2]',
    '[4]',
    'carry root'
  ],
  [
    'a carry of another form',
    () => ops.scan((c: readonly Tensor[]) => [[...c, ...c], []] as const, 2)([x]),
    'TreeError',
    'ops.scan',
    'a carry of the form of the first',
    '2 tensors'
  ],
  [
    'stacks of another length',
    () => ops.scan((c: Tensor, _: { readonly u: Tensor }) => [c, []] as const, 3)(x, { u: x }),
    'ShapeError',
    'ops.scan',
    'a first axis of 3',
    '[2]',
    'u'
  ],
  [
    'a misspelt option',
    () => ops.scan(keep, 2, { key: 'fold' } as never)(x),
    'ArgumentError',
    'ops.scan',
    'an option, perhaps keys',
    'key',
    'options'
  ],
  [
    'a body without tensors',
    () => ops.scan((c: readonly Tensor[]) => [c, []] as const, 2)([]),
    'ArgumentError',
    'ops.scan',
    'a body that gives a tensor',
    'none'
  ]
]

describe('a loop refuses', () => {
  it.each(refusals)('%s', (_, ...refusal) => expectRefusal(...refusal))

  it('ids that change from step to step', () => {
    const f = (c: Tensor, xs: { readonly ids: Tensor; readonly k: Key }): readonly [Tensor, Tensor] =>
      ops.scan((c: Tensor, { ids, k }: typeof xs) => [c, random.normal([2], ids)(k)] as const, 2)(c, xs)
    const traced = trace(f, [spec([]), { ids: spec([2, 2]), k: keySpec }])
    expect(E.isLeft(traced) && traced.left.expected).toBe('ids from outside the loop')
  })

  it('a key among what is carried', () => {
    const run = (): unknown => ops.scan((c: Key) => [c, []] as const, 2)(key(0))
    expectRefusal(run, 'TreeError', 'ops.scan', 'arrays and plain records', 'a key', 'root')
  })

  it('nothing of what a body refuses or throws by itself', () => {
    expectRefusal(
      () => ops.scan((c: Tensor) => [ops.add(ops.ones([3]))(c), []] as const, 2)(x),
      'ShapeError',
      'ops.add',
      'broadcast',
      '[2] and [3]'
    )
    const broken = new Error('mine')
    expect(() =>
      ops.scan((_: Tensor): readonly [Tensor, readonly Tensor[]] => {
        throw broken
      }, 2)(x)
    ).toThrow(broken)
  })

  it('a tensor that has left its body', () => {
    const f = (x: Tensor): Tensor => {
      let kept = x
      ops.scan((c: Tensor) => [(kept = ops.sin(c)), []] as const, 2)(x)
      return kept
    }
    const traced = trace(f, [spec([])])
    expect(E.isLeft(traced) && traced.left.received).toContain('an argument of another trace')
  })
})
