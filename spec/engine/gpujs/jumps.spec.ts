import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jumpsIn } from '../../../kernels/choice.js'
import { scalarCode, type ScalarName, scalarFunctions } from '../../../kernels/scalar.js'
import { lowerPlan } from '../../../lib/engine/gpujs/lower-plan.js'
import { planOf } from '../../../lib/engine/plan.js'
import { grad } from '../../../lib/diff/index.js'
import { ops } from '../../../lib/graph/ops/index.js'
import { spec } from '../../../lib/graph/spec.js'
import type { Tensor } from '../../../lib/graph/tensor.js'
import { programs } from '../../../lib/laws/programs.js'
import { runs } from '../../support/runs.js'
import { graphOf } from './support.js'

/** The branches of every choice in a text. */
const branchesIn = (text: string): readonly string[] =>
  [...text.matchAll(/\? (.*?) : (.*?)\)(?=[;) ,]|$)/g)].flatMap(([, yes, no]) => [yes!, no!])

/** A name or a literal. */
const isPlain = (text: string): boolean => /^([a-z]\w*|\(?-?[\d.]+(e[+-]?\d+)?\)?)$/i.test(text)

/** The statements within loops. */
const loopsOf = (source: string): string => {
  let depth = 0
  return source
    .split('\n')
    .filter((line) => {
      if (line.startsWith('for (')) depth++
      if (line === '}' && depth > 0) depth--
      return depth > 0
    })
    .join('\n')
}

/** Jumps of all loops of a kernel: those that gpu.js guards by, and choices that are not between names. */
const loopJumps = (source: string): number => {
  const text = loopsOf(source)
  return jumpsIn(text) + branchesIn(text).filter((branch) => !isPlain(branch)).length
}

/** Kernels that are written from values; those of top-k are texts with a jump or two a loop. */
const written = new Set(['pointwise', 'sum', 'max'])

const shaders = ['webgl2', 'headlessgl', 'webgpu'] as const

// SwiftShader takes 5 s to compile a loop with 24 jumps, 420 s for one with 50, and the browser ends it
describe('shaders', () => {
  const names = Object.keys(scalarFunctions) as readonly ScalarName[]
  it.each(names)('select between names in %s', (name) => {
    const kept: string[] = []
    const result = scalarCode('webgl2', name)(['x', 'y', 'z'], (text) => `f${kept.push(text)}`)
    expect(branchesIn([...kept, result].join(';\n')).filter((text) => !isPlain(text))).toEqual([])
  })

  it('jump seldom in loops', () => {
    let choices = 0
    fc.assert(
      fc.property(
        programs({ maxSteps: 25, maxSize: 5 }),
        fc.constantFrom(...shaders),
        fc.boolean(),
        (program, backend, derived) => {
          const f = (xs: readonly Tensor[]) => (derived ? grad(program.scalar)(xs) : program.f(xs))
          for (const { name, source } of lowerPlan(planOf(graphOf(f, [program.specs])), backend).kernels) {
            choices += branchesIn(source).length
            if (written.has(name))
              expect(
                branchesIn(source).filter((text) => !isPlain(text)),
                source
              ).toEqual([])
            expect(loopJumps(source), source).toBeLessThanOrEqual(16)
          }
        }
      ),
      { numRuns: runs(200) }
    )
    expect(choices).toBeGreaterThan(100)
  }, 60_000)

  it.each(shaders)('of long chains store what a loop would jump for, on %s', (backend) => {
    const chain = (x: Tensor): Tensor =>
      Array.from({ length: 12 }).reduce<Tensor>((y) => ops.softplus(ops.sin(y)), x)
    const kernels = lowerPlan(
      planOf(graphOf((x: Tensor) => ops.sum([1, 2])(chain(x)), [spec([3, 17, 12])])),
      backend
    ).kernels
    expect(kernels.length).toBeGreaterThan(1)
    for (const { source } of kernels) expect(loopJumps(source)).toBeLessThanOrEqual(16)
  })
})
