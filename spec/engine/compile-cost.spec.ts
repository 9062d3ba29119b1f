import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as attack from '../../lib/attack/index.js'
import { key } from '../../lib/core/key.js'
import { grad } from '../../lib/diff/index.js'
import { applyLoopRule, loopRules } from '../../lib/engine/loops.js'
import { lowerPlan } from '../../lib/engine/gpujs/lower-plan.js'
import { lower } from '../../lib/engine/onnx/lower.js'
import { planOf } from '../../lib/engine/plan.js'
import { topological } from '../../lib/graph/graph.js'
import type { Key } from '../../lib/graph/key.js'
import { ops } from '../../lib/graph/ops/index.js'
import { spec } from '../../lib/graph/spec.js'
import type { Tensor } from '../../lib/graph/tensor.js'
import { traceOrThrow } from '../../lib/graph/trace.js'
import * as nn from '../../lib/nn/index.js'
import { optimise } from '../../lib/optimise/index.js'
import { batchOf } from '../support/networks.js'
import { runs } from '../support/runs.js'

/**
 * How often a computation reads and writes its collections, each element of a list counted: a measure of its steps that is the
 * same on every machine.
 */
const stepsOf = (compute: () => unknown): number => {
  let steps = 0
  const lists = [
    'map',
    'filter',
    'every',
    'some',
    'flatMap',
    'forEach',
    'indexOf',
    'includes',
    'find'
  ] as const
  const watched: readonly (readonly [object, readonly string[], (self: unknown) => number])[] = [
    [Map.prototype, ['get', 'has', 'set'], () => 1],
    [Set.prototype, ['has', 'add'], () => 1],
    [WeakMap.prototype, ['get', 'has', 'set'], () => 1],
    [WeakSet.prototype, ['has', 'add'], () => 1],
    [Array.prototype, lists, (self) => 1 + (self as readonly unknown[]).length]
  ]
  const restore = watched.flatMap(([prototype, names, weight]) =>
    names.map((name) => {
      const original = Object.getOwnPropertyDescriptor(prototype, name)!
      const method = original.value as (this: unknown, ...args: unknown[]) => unknown
      Object.defineProperty(prototype, name, {
        ...original,
        value(this: unknown, ...args: unknown[]) {
          steps += weight(this)
          return method.apply(this, args)
        }
      })
      return () => Object.defineProperty(prototype, name, original)
    })
  )
  try {
    compute()
  } finally {
    for (const back of restore) back()
  }
  return steps
}

/** A step of a deep program: from the last tensor and one made earlier, which it shares. */
const kinds: readonly ((y: Tensor, earlier: Tensor) => Tensor)[] = [
  (y) => ops.tanh(y),
  (y) => ops.scale(0.5)(y),
  (y) => ops.neg(y),
  (y, earlier) => ops.add(earlier)(y),
  (y, earlier) => ops.mul(earlier)(y),
  (y, earlier) => ops.matmul(earlier)(y),
  (y, earlier) => ops.where(ops.less(0)(earlier))(y, earlier),
  (y) => ops.transpose()(y),
  (y) => ops.reshape([4, 4])(ops.relu(ops.reshape([2, 8])(y))),
  (y, earlier) => ops.slice([0, 2], [4, 6])(ops.concat(1)([y, earlier])),
  (y) => ops.sub(ops.mean(1, { keepDims: true })(y))(y),
  (y) => ops.softmax(-1)(y),
  // each doubles the number of paths through the graph
  (y) => ops.add(ops.sin(y))(y),
  (y) => ops.mul(y)(y)
]

const deep =
  (pattern: readonly (readonly [kind: number, back: number])[], depth: number) =>
  (x: Tensor): Tensor => {
    const made = [x]
    for (let i = 0; i < depth; i++) {
      const [kind, back] = pattern[i % pattern.length]!
      made.push(kinds[kind]!(made.at(-1)!, made[Math.max(0, made.length - 1 - back)]!))
    }
    return made.at(-1)!
  }

const lowered = (f: (x: Tensor) => unknown): void => {
  const plan = planOf(optimise(traceOrThrow(f, [spec([4, 4])]).graph))
  lower(plan)
  lowerPlan(plan, 'webgpu')
}

describe('the cost of compiling', () => {
  it('at most triples where the depth doubles, for any steps and any sharing, gradients included', () => {
    const step = fc.tuple(fc.nat(kinds.length - 1), fc.integer({ min: 1, max: 40 }))
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), fc.boolean(), (pattern, isGradient) => {
        const costOf = (depth: number): number =>
          stepsOf(() =>
            lowered(
              isGradient
                ? grad((x: Tensor) => ops.sum()(deep(pattern, depth)(x)))
                : (x) => deep(pattern, depth)(x)
            )
          )
        const [once, twice] = [costOf(60), costOf(120)]
        expect(twice / once).toBeLessThan(3)
      }),
      { numRuns: runs(20) }
    )
  })

  it(
    'is that of 100,000 nodes for a chain of 100,000 nodes, which overflows no stack',
    { timeout: 300_000 },
    () => {
      const chain = (x: Tensor): Tensor =>
        Array.from({ length: 100_000 }).reduce<Tensor>((y) => ops.tanh(y), x)
      const graph = optimise(traceOrThrow(chain, [spec([4])]).graph)
      expect(topological(graph.outputs)).toHaveLength(100_001)
      expect(lower(planOf(graph)).nodes).toHaveLength(100_000)
    }
  )

  it('is for PGD of 40 steps at most 1.3 times that of 5, which onnx on a CPU runs as a loop', () => {
    const net = nn.serial(nn.dense(8), nn.relu, nn.dense(3))
    const args = [net.init(key(0), [5]), batchOf(0, 4, 5, 3), key(1)] as const
    const costOf = (steps: number): number =>
      stepsOf(() => {
        const pgd = attack.pgd({ epsilon: 0.1, steps, relativeStep: 2.5 })(net.apply)
        const f = (p: nn.Params, b: nn.Batch, k: Key): Tensor => pgd(p, b, k).x
        lower(planOf(optimise(applyLoopRule(loopRules['onnx on a CPU'], traceOrThrow(f, args).graph))))
      })
    expect(costOf(40) / costOf(5)).toBeLessThan(1.3)
    expect(costOf(1000) / costOf(40)).toBeLessThan(1.1)
  })
})
