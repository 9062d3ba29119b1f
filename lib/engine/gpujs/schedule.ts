import { sizeOf } from '../../core/shape.js'
import type { Tensor } from '../../graph/tensor.js'
import type { Lowered } from './lower.js'
import { MAX_ARRAYS } from './adapt-plan.js'

/** How a kernel reaches a node: at the kernel's own coordinates, at others, or from within its reduction. */
type Reach = 'aligned' | 'moved' | 'looped'

const deeper = (a: Reach, b: Reach): Reach =>
  a === 'looped' || b === 'looped' ? 'looped' : a === 'moved' || b === 'moved' ? 'moved' : 'aligned'

/** Which nodes get a buffer of their own, and which reduction each kernel's pointwise part stands behind. */
export interface Schedule {
  /** Nodes with a buffer: inputs and constants, and the result of every kernel. */
  readonly stored: ReadonlySet<Tensor>
  /** The reduction that is computed inside a kernel, by the kernel's root. */
  readonly reductions: ReadonlyMap<Tensor, Tensor>
  /** Stored nodes that are read as rows, so that they have to lie in row-major order. */
  readonly rows: ReadonlySet<Tensor>
}

/** Chains are cut before the expression of one cell nests deeper than this, or holds more values. */
const MAX_DEPTH = 64
const MAX_VALUES = 256
/** A value this cheap may be computed again for every place that shows it. */
const CHEAP = 2

/** The longest chain of exact functions that is computed again rather than stored. */
const MAX_CHAIN = 3

/**
 * Nodes that are a few exact functions of one other node: a kernel that reads that one may as well compute them. Anything
 * that rounds is stored once, so that no two kernels can see different values of it.
 */
const thinOf = (nodes: readonly Tensor[], lowered: ReadonlyMap<Tensor, Lowered>): ReadonlySet<Tensor> => {
  const sources = new Map<Tensor, { readonly from: ReadonlySet<Tensor>; readonly length: number }>()
  const thin = new Set<Tensor>()
  for (const node of nodes) {
    const rule = lowered.get(node)!
    const inputs = node.inputs.map((input) => sources.get(input)!)
    const from = new Set(inputs.flatMap((input) => [...input.from]))
    const length =
      Math.max(0, ...inputs.map((input) => input.length)) + (rule.kind === 'inline' && rule.cost > 0 ? 1 : 0)
    const follows = rule.kind === 'inline' && rule.exact && from.size <= 1 && length <= MAX_CHAIN
    if (follows) thin.add(node)
    sources.set(node, follows ? { from, length } : { from: new Set([node]), length: 0 })
  }
  return thin
}

/** One pass of decisions, consumers before producers; `forced` nodes are stored in any case. */
const decide = (
  nodes: readonly Tensor[],
  outputs: ReadonlySet<Tensor>,
  lowered: ReadonlyMap<Tensor, Lowered>,
  forced: ReadonlySet<Tensor>
): Schedule => {
  const stored = new Set<Tensor>()
  const reductions = new Map<Tensor, Tensor>()
  const reached = new Map<Tensor, Map<Tensor, Reach>>(nodes.map((node) => [node, new Map()]))
  const needsArray = new Set<Tensor>()
  const thin = thinOf(nodes, lowered)

  /** Whether a reduction can be computed in the one kernel that needs it. */
  const absorbed = (node: Tensor, homes: ReadonlyMap<Tensor, Reach>): boolean => {
    const [home, ...others] = homes
    if (home === undefined || others.length > 0) return false
    const [root, reach] = home
    return reach === 'aligned' && lowered.get(root)!.kind === 'inline' && !reductions.has(root)
  }

  const isRoot = (node: Tensor, rule: Lowered, homes: ReadonlyMap<Tensor, Reach>): boolean => {
    if (rule.kind === 'array' || rule.kind === 'topK') return true
    if (outputs.has(node) || forced.has(node) || needsArray.has(node)) return true
    if (rule.kind === 'reduce') return !absorbed(node, homes)
    if (rule.cost === 0) return false
    if (homes.size > 1 && !thin.has(node)) return true
    return [...homes].some(([root, reach]) => {
      if (reach === 'aligned') return false
      const loop = lowered.get(reductions.get(root) ?? root)!
      const loops = reach === 'looped' && loop.kind === 'reduce' ? sizeOf(loop.loops) : 1
      const again = (sizeOf(root.shape) * loops) / sizeOf(node.shape)
      return again > 1.5 && (reach === 'looped' || rule.cost > CHEAP)
    })
  }

  for (const node of [...nodes].reverse()) {
    const rule = lowered.get(node)!
    const homes = reached.get(node)!
    const root = isRoot(node, rule, homes)
    if (root) stored.add(node)
    else if (rule.kind === 'reduce') reductions.set([...homes.keys()][0]!, node)
    const through: ReadonlyMap<Tensor, Reach> = root ? new Map([[node, 'aligned']]) : homes
    for (const [k, input] of node.inputs.entries()) {
      const step: Reach =
        rule.kind === 'reduce' ? 'looped' : rule.kind === 'inline' && rule.aligned(k) ? 'aligned' : 'moved'
      if (rule.kind === 'topK') needsArray.add(input)
      const own = reached.get(input)!
      for (const [home, reach] of through)
        own.set(home, deeper(own.get(home) ?? 'aligned', deeper(reach, step)))
    }
  }
  return { stored, reductions, rows: needsArray }
}

/** What an unstored node brings into a kernel: the arrays it reads, the values it computes, and how deep they nest. */
interface Burden {
  readonly arrays: ReadonlySet<Tensor>
  /** A name for each value: a node, and the views it is seen through, for it is computed once a place. */
  readonly values: ReadonlySet<string>
  readonly depth: number
}

/** Nodes that have to be stored for no kernel to read too many arrays, grow too large, nest too deep, or jump too often in a loop. */
const excess = (
  nodes: readonly Tensor[],
  lowered: ReadonlyMap<Tensor, Lowered>,
  { stored }: Schedule,
  jumps: number
): readonly Tensor[] => {
  const names = new Map(nodes.map((node, i) => [node, `${i}`]))
  const burdens = new Map<Tensor, Burden>()
  const found = new Set<Tensor>()
  const of = (node: Tensor): Burden =>
    stored.has(node) || found.has(node)
      ? { arrays: new Set([node]), values: new Set(), depth: 0 }
      : burdens.get(node)!
  /** The jumps of what a node brings into a loop. */
  const jumpsOf = (node: Tensor): number => {
    const inlined = [...of(node).values].map((value) =>
      lowered.get(nodes[Number(value.slice(value.lastIndexOf('/') + 1))]!)!
    )
    return inlined.reduce((sum, rule) => sum + (rule.kind === 'inline' ? rule.jumps : 0), 0)
  }
  const arraysOf = (inputs: readonly Tensor[]): Set<Tensor> =>
    new Set(inputs.flatMap((input) => [...of(input).arrays]))
  for (const node of nodes) {
    const rule = lowered.get(node)!
    let arrays = arraysOf(node.inputs)
    if (rule.kind === 'reduce') {
      const inputs = node.inputs.toSorted((a, b) => jumpsOf(b) - jumpsOf(a))
      while (inputs.reduce((sum, input) => sum + jumpsOf(input), 0) > jumps) found.add(inputs.shift()!)
      arrays = arraysOf(node.inputs)
    }
    while (arrays.size > MAX_ARRAYS) {
      const widest = node.inputs.reduce((a, b) => (of(b).arrays.size > of(a).arrays.size ? b : a))
      if (of(widest).arrays.size <= 1) break
      found.add(widest)
      arrays = arraysOf(node.inputs)
    }
    const name = names.get(node)!
    const values = new Set([name])
    for (const [k, input] of node.inputs.entries()) {
      const seen = rule.kind === 'inline' && rule.aligned(k) ? '' : `${name}/`
      for (const value of of(input).values) values.add(seen + value)
    }
    const depth = 1 + Math.max(0, ...node.inputs.map((input) => of(input).depth))
    burdens.set(node, { arrays, values, depth })
    if ((depth > MAX_DEPTH || values.size > MAX_VALUES) && !stored.has(node)) found.add(node)
  }
  return [...found]
}

/**
 * Groups the nodes of a plan into kernels. A node is computed inside its consumer where it has one consuming kernel, or
 * costs nothing (views, patterns), or is an exact comparison of stored values; otherwise it is stored. A reduction
 * takes the pointwise work that follows at its own shape into its kernel, and pointwise work before it into its
 * loop if that is not repeated. Where a kernel would read too many arrays or nest too deep, or a loop would hold more than
 * `jumps` jumps, more is stored.
 */
export const schedule = (
  nodes: readonly Tensor[],
  outputs: readonly Tensor[],
  lowered: ReadonlyMap<Tensor, Lowered>,
  jumps: number
): Schedule => {
  const wanted = new Set(outputs)
  let all: ReadonlySet<Tensor> = new Set()
  for (;;) {
    const made = decide(nodes, wanted, lowered, all)
    const more = excess(nodes, lowered, made, jumps)
    if (more.length === 0) return made
    all = new Set([...all, ...more])
  }
}
