import * as E from 'fp-ts/lib/Either.js'
import { entry } from '../core/entry.js'
import { fail, getOrThrow, type TangentError, TangentFailure } from '../core/error.js'
import { leaves, rebuild } from '../core/tree.js'
import { apply, constant, isOp, isTensor, type Tensor } from './tensor.js'
import { type Graph, deduplicate, topological } from './graph.js'
import type { TracedKey } from './key.js'
import { isKeyLeaf, isSpecLeaf, type Specs } from './spec.js'

/** A traced function: its graph, and the shapes of the trees that go in and come out. */
export interface Traced<Args extends readonly unknown[], Out> {
  /** The graph. */
  readonly graph: Graph
  /** The shapes of the arguments. */
  readonly args: Specs<Args>
  /** The results, as a tree of symbolic tensors. */
  readonly out: Out
}

/** Turns the library's internal exception into a Left; any other exception is a defect and passes through. */
export const attempt = <A>(compute: () => A): E.Either<TangentError, A> => {
  try {
    return E.right(compute())
  } catch (thrown) {
    if (thrown instanceof TangentFailure) return E.left(thrown.error)
    throw thrown
  }
}

const isOutputLeaf = (value: unknown): value is Tensor | number =>
  isTensor(value) || typeof value === 'number'

const refuseStrangers = (graph: Graph): void => {
  const own = new Set(graph.inputs)
  for (const node of topological(graph.outputs)) {
    if (isOp(node, 'scan')) refuseStrangers(node.op.body)
    if ((isOp(node, 'input') || isOp(node, 'keyInput')) && !own.has(node)) {
      fail(
        'TraceError',
        'trace',
        'only tensors of this trace',
        `an argument of another trace, ${node.op.name}`
      )
    }
    if (isOp(node, 'customLinear')) {
      fail('DiffError', 'trace', 'a rule with a jvp', `forward mode through customVjp ${node.op.rule.name}`)
    }
  }
}

/**
 * Runs a pure function once on symbolic tensors and records what it did. Every shape is checked on the way; the first
 * refusal is the Left.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { ops, spec, type Tensor, trace } from 'tangentflow'
 *
 * const traced = trace((a: Tensor, b: Tensor) => ops.matmul(b)(a), [spec([2, 3]), spec([3, 4])])
 * assert.ok(E.isRight(traced))
 * assert.deepEqual(traced.right.graph.outputs[0]?.shape, [2, 4])
 * assert.ok(E.isLeft(trace((a: Tensor, b: Tensor) => ops.matmul(b)(a), [spec([2, 3]), spec([2, 4])])))
 */
export const trace = entry(
  'trace',
  'Either',
  1,
  <Args extends readonly unknown[], Out>(
    f: (...args: Args) => Out,
    specs: Specs<Args>
  ): E.Either<TangentError, Traced<Args, Out>> =>
    attempt(() => {
      const found = leaves('trace', isSpecLeaf, specs)
      const inputs = found.map(({ path, value }) =>
        isKeyLeaf(value)
          ? apply({ tag: 'keyInput', name: path }, [])
          : apply({ tag: 'input', name: path, shape: value.shape }, [])
      )
      const symbols = inputs.map((node): Tensor | TracedKey =>
        isOp(node, 'keyInput') ? { _tag: 'TracedKey', source: node, path: [] } : node
      )
      const args = rebuild<unknown, Args>('trace', isSpecLeaf, specs, symbols)
      const raw = f(...args)
      if (typeof raw === 'function')
        fail(
          'TraceError',
          'trace',
          'a function that gives tensors',
          'one that gives a function: ops are data-last, as ops.add(b)(a), and a model takes parameters, then a batch'
        )
      const results = leaves('trace', isOutputLeaf, raw).map(({ value }) =>
        typeof value === 'number' ? constant(value) : value
      )
      if (results.length === 0)
        fail('TraceError', 'trace', 'a function with a tensor among its results', 'none')
      const graph = deduplicate({ inputs, outputs: results })
      refuseStrangers(graph)
      return { graph, args: specs, out: rebuild<unknown, Out>('trace', isOutputLeaf, raw, results) }
    })
)

/** As {@link trace}, where a refusal is raised and not returned: inside traced functions and checks. */
export const traceOrThrow = <Args extends readonly unknown[], Out>(
  f: (...args: Args) => Out,
  specs: Specs<Args>
): Traced<Args, Out> => getOrThrow(trace(f, specs))

/** Puts concrete results back into the tree the traced function returned. */
export const unflattenOut = <Concrete>(out: unknown, values: readonly unknown[]): Concrete =>
  rebuild<unknown, Concrete>('run', isTensor, out, values)
