import { zerosLike } from '../../graph/contract.js'
import { replaceNodes } from '../../graph/graph.js'
import {
  bodyOutputs,
  type Loop,
  loopOf,
  pack,
  partsOf,
  resultsOf,
  runLoop,
  symbolOf
} from '../../graph/loop.js'
import type { TensorOf } from '../../graph/op.js'
import { transpose as permuted } from '../../graph/ops/einsum.js'
import { concat, reshape } from '../../graph/ops/reshape.js'
import { isOp, type Tensor } from '../../graph/tensor.js'
import { dependents, topological } from '../../graph/topological.js'
import { sizeOf } from '../../core/shape.js'
import { batchedTo, type DiffRule, plus, type PullBack, type Tangent } from '../diff-rule.js'

/** The carries that are reached: those that are from the start, and through the body whatever one of them reaches. */
const closure = (
  fromStart: readonly boolean[],
  reaches: (reached: readonly boolean[]) => readonly boolean[]
): readonly boolean[] => {
  const next = reaches(fromStart)
  const all = fromStart.map((is, k) => is || next[k] === true)
  return all.every((is, k) => is === fromStart[k]) ? all : closure(all, reaches)
}

/** Flags of a node's inputs, by the part that each is of. */
const flagsOf = <A>({ carries, sequences }: Loop, flags: readonly A[]) => ({
  carries: flags.slice(0, carries.length),
  sequences: flags.slice(carries.length, carries.length + sequences.length),
  captured: flags.slice(carries.length + sequences.length)
})

/** What inputs of a loop that are flagged reach in its body, through its carries from step to step. */
const reachOf = (loop: Loop, flagged: readonly boolean[]) => {
  const flags = flagsOf(loop, flagged)
  const order = topological(bodyOutputs(loop))
  const fixed = [
    ...loop.sequences.filter((_, k) => flags.sequences[k]),
    ...loop.captured.filter((_, k) => flags.captured[k])
  ].map(({ symbol }) => symbol)
  const rootsOf = (carried: readonly boolean[]): readonly Tensor[] => [
    ...fixed,
    ...loop.carries.flatMap(({ symbol }, k) => (carried[k] === true ? [symbol] : []))
  ]
  const carried = closure(flags.carries, (some) => {
    const reached = dependents(order, rootsOf(some))
    return loop.carries.map(({ next }) => reached.has(next))
  })
  const roots = rootsOf(carried)
  return { flags, order, fixed, carried, roots, reached: dependents(order, roots) }
}

/** The loop of values and tangents. What has no tangent gets none. */
const jvp: DiffRule<'scan'>['jvp'] = (node, tangents, pushForward) => {
  const loop = loopOf(node)
  const given = flagsOf(loop, tangents)
  const outputs = bodyOutputs(loop)
  const tangentOf = (symbol: Tensor): Tensor => symbolOf('tangent', symbol)
  const carries = loop.carries.map((carry) => ({ ...carry, tangent: tangentOf(carry.symbol) }))
  const sequences = loop.sequences.flatMap(({ symbol }, k) => {
    const stack = given.sequences[k]
    return stack === undefined ? [] : [{ of: symbol, symbol: tangentOf(symbol), stack }]
  })
  const captured = loop.captured.flatMap(({ symbol }, k) => {
    const value = given.captured[k]
    return value === undefined ? [] : [{ of: symbol, symbol: tangentOf(symbol), value }]
  })
  const push = (moving: readonly boolean[]): readonly Tangent[] =>
    pushForward(
      outputs,
      new Map([
        ...carries.flatMap(({ symbol, tangent }, k) =>
          moving[k] === true ? [[symbol, tangent] as const] : []
        ),
        ...[...sequences, ...captured].map(({ of, symbol }) => [of, symbol] as const)
      ])
    )
  const moving = closure(
    given.carries.map((t) => t !== undefined),
    (reached) => push(reached).map((t) => t !== undefined)
  )
  const moved = push(moving)
  const results = moved.slice(carries.length)
  const joint = runLoop({
    ...loop,
    carries: [
      ...loop.carries,
      ...carries.flatMap(({ start, next, tangent }, k) =>
        moving[k] === true
          ? [
              {
                symbol: tangent,
                start: given.carries[k] ?? zerosLike(start),
                next: moved[k] ?? zerosLike(next)
              }
            ]
          : []
      )
    ],
    sequences: [...loop.sequences, ...sequences],
    captured: [...loop.captured, ...captured],
    results: results.filter((t) => t !== undefined)
  })
  if (!moving.includes(true) && joint.stacks.length === 0) return undefined
  const like = resultsOf(node)
  const lastTangents = [...joint.carries.slice(carries.length)]
  const stacked = [...joint.stacks]
  return pack([
    ...like.carries.map((value, k) => (moving[k] === true ? lastTangents.shift()! : zerosLike(value))),
    ...like.stacks.map((value, k) => (results[k] === undefined ? zerosLike(value) : stacked.shift()!))
  ])
}

/** Whether a node shows its one input, at no fewer places: what is stored for later is the input. */
const isView = (node: Tensor): boolean =>
  (isOp(node, 'contract') ||
    isOp(node, 'reshape') ||
    isOp(node, 'barrier') ||
    isOp(node, 'alias') ||
    isOp(node, 'stopGradient')) &&
  node.inputs.length === 1 &&
  sizeOf(node.inputs[0]!.shape) <= sizeOf(node.shape)

/**
 * What a loop that runs in the other direction needs of a body's known nodes: outputs in which those that change with a carry
 * have become symbols, and the nodes that these stand for, for each step.
 */
const store = (
  outputs: readonly Tensor[],
  known: ReadonlySet<Tensor>,
  { index, carries, sequences }: Loop
): { readonly outputs: readonly Tensor[]; readonly stored: ReadonlyMap<Tensor, Tensor> } => {
  const given = new Set([index, ...sequences.map(({ symbol }) => symbol)])
  const varying = dependents(topological([...known]), [...given, ...carries.map(({ symbol }) => symbol)])
  const stored = new Map<Tensor, Tensor>()
  const read = (node: Tensor): Tensor => {
    if (given.has(node) || !varying.has(node)) return node
    if (isView(node)) return { ...node, inputs: node.inputs.map(read) }
    const symbol = stored.get(node) ?? symbolOf('stored', node)
    stored.set(node, symbol)
    return symbol
  }
  const met = topological(outputs, known).filter((node) => known.has(node))
  return { outputs: replaceNodes(outputs, new Map(met.map((node) => [node, read(node)]))), stored }
}

/**
 * A loop in reverse. The carries are the cotangents of the carries, and sums for what the body captures; cotangents of
 * sequences are its results. What it needs of the values is stored by a loop that runs before it.
 */
const transpose = (
  node: TensorOf<'scan'>,
  cotangent: Tensor,
  linear: readonly boolean[],
  pullBack: PullBack
): readonly Tangent[] => {
  const loop = loopOf(node)
  const { order, fixed, carried: isLinear, reached: moving } = reachOf(loop, linear)
  const known = new Set(order.filter((each) => !moving.has(each)))

  const given = partsOf(node, cotangent)
  const carried = loop.carries.flatMap((carry, k) =>
    isLinear[k] === true
      ? [
          {
            ...carry,
            cotangent: symbolOf('cotangent', carry.symbol),
            start: given.carries[k] ?? zerosLike(carry.next)
          }
        ]
      : []
  )
  const results = loop.results.flatMap((result, k) => {
    const stack = given.stacks[k]
    return stack === undefined || !moving.has(result)
      ? []
      : [{ result, symbol: symbolOf('cotangent', result), stack }]
  })
  const args = [...carried.map(({ symbol }) => symbol), ...fixed]
  const pulled = pullBack(
    [...carried.map(({ next }) => next), ...results.map(({ result }) => result)],
    args,
    [...carried.map((carry) => carry.cotangent), ...results.map(({ symbol }) => symbol)]
  )
  const ofSymbol = new Map(args.map((symbol, k) => [symbol, pulled[k]]))
  const sums = loop.captured.flatMap(({ symbol, value }) => {
    const part = ofSymbol.get(symbol)
    return part === undefined
      ? []
      : [{ of: symbol, symbol: symbolOf('sum', symbol), start: zerosLike(value), part }]
  })
  const entries = loop.sequences.flatMap(({ symbol }) => {
    const part = ofSymbol.get(symbol)
    return part === undefined ? [] : [{ of: symbol, part }]
  })
  const read = store(
    [
      ...carried.map(({ symbol, start }) => ofSymbol.get(symbol) ?? zerosLike(start)),
      ...sums.map(({ symbol, part }) => plus(symbol, part)!),
      ...entries.map(({ part }) => part)
    ],
    known,
    loop
  )
  const before = runLoop({
    ...loop,
    carries: read.stored.size === 0 ? [] : loop.carries.filter((_, k) => isLinear[k] !== true),
    results: [...read.stored.keys()]
  })
  const backCarries = [...carried.map((carry) => ({ ...carry, symbol: carry.cotangent })), ...sums]
  const back = runLoop({
    length: loop.length,
    reverse: !loop.reverse,
    index: loop.index,
    carries: backCarries.map(({ symbol, start }, k) => ({ symbol, start, next: read.outputs[k]! })),
    sequences: [
      ...loop.sequences,
      ...results,
      ...[...read.stored.values()].map((symbol, k) => ({ symbol, stack: before.stacks[k]! }))
    ],
    captured: loop.captured,
    results: read.outputs.slice(backCarries.length)
  })
  const found = new Map<Tensor, Tensor>([
    ...carried.map(({ symbol }, k) => [symbol, back.carries[k]!] as const),
    ...sums.map(({ of }, k) => [of, back.carries[carried.length + k]!] as const),
    ...entries.map(({ of }, k) => [of, back.stacks[k]!] as const)
  ])
  return [...loop.carries, ...loop.sequences, ...loop.captured].map(({ symbol }, k) =>
    linear[k] === true ? found.get(symbol) : undefined
  )
}

/** The axes in another order: the first two change places. */
const swapFirst = (x: Tensor): Tensor => permuted([1, 0, ...x.shape.slice(2).map((_, a) => a + 2)])(x)

/** The loop of a batch: whatever a batched input reaches is batched in every step. */
const batch: DiffRule<'scan'>['batch'] = (node, inputs, batched, size, batchTensors) => {
  const loop = loopOf({ ...node, inputs })
  const outputs = bodyOutputs(loop)
  const { flags, carried: isBatched, roots, reached } = reachOf(loop, batched)
  const symbols = new Map(roots.map((root) => [root, symbolOf('batch', { shape: [size, ...root.shape] })]))
  const made = batchTensors(
    (examples) => replaceNodes(outputs, new Map(roots.map((root, k) => [root, examples[k]!]))),
    [...symbols.values()],
    size
  )
  const of = (symbol: Tensor): Tensor => symbols.get(symbol) ?? symbol
  const count = loop.carries.length
  const result = runLoop({
    ...loop,
    carries: loop.carries.map(({ symbol, start, next }, k) => ({
      symbol: of(symbol),
      start: isBatched[k] === true ? batchedTo(start, flags.carries[k]!, size) : start,
      next: isBatched[k] === true ? made[k]! : next
    })),
    sequences: loop.sequences.map(({ symbol, stack }, k) => ({
      symbol: of(symbol),
      stack: flags.sequences[k] === true ? swapFirst(stack) : stack
    })),
    captured: loop.captured.map(({ symbol, value }) => ({ symbol: of(symbol), value })),
    results: loop.results.map((each, k) => (reached.has(each) ? made[count + k]! : each))
  })
  const rows = [
    ...result.carries.map((value, k) => batchedTo(value, isBatched[k]!, size)),
    ...result.stacks.map((value, k) =>
      reached.has(loop.results[k]!) ? swapFirst(value) : batchedTo(value, false, size)
    )
  ]
  return concat(1)(rows.map(reshape([size, -1])))
}

/** A loop of a fixed number of steps. */
export const scan: DiffRule<'scan'> = {
  formula: {
    value: 'c, y = f(c, x) in every step',
    tangent: 'the loop of c and ċ',
    transpose: 'the loop of c̄ in reverse'
  },
  jvp,
  transpose,
  batch
}
