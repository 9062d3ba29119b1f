import { broadcastTo, contract, fill, knownScalar, product, scaleBy } from '../graph/contract.js'
import { apply, constant, isOp, type Tensor, type TensorOf } from '../graph/tensor.js'
import { type Graph, rewrite } from '../graph/graph.js'
import type { PointwiseName } from '../graph/primitives/pointwise.js'
import { sameShape } from '../core/shape.js'
import { comparisons, isAlwaysFinite, isFiniteForFinite, search } from './finite.js'
import { substitute } from './merge-contractions.js'
import { type Rewrite, settle } from './rewrite.js'
import { windows } from './windows.js'

const isPointwise =
  (fn: PointwiseName) =>
  (node: Tensor): boolean =>
    isOp(node, 'pointwise') && node.op.fn === fn

const rule = (
  name: string,
  fn: PointwiseName,
  rewrite: (...inputs: readonly [Tensor, Tensor, Tensor]) => Tensor | undefined
): Rewrite => ({
  name,
  of: [fn],
  apply: (node) => {
    const [a, b, c] = node.inputs
    return rewrite(a!, b ?? a!, c ?? a!)
  }
})

const sumsNothing = ({ op }: TensorOf<'contract'>): boolean =>
  op.operands.flat().every((index) => op.output.includes(index) || op.sizes[index] === 1)

/** A tensor that holds 0 and 1 only: a comparison, or one seen through broadcasting, permutation or products. */
const isBoolean = search((node) => {
  if (isOp(node, 'reshape')) return undefined
  if (isOp(node, 'contract')) return node.inputs.length === 1 && sumsNothing(node) ? undefined : false
  return isOp(node, 'topKMask') || (isOp(node, 'pointwise') && comparisons.has(node.op.fn))
})

/** The scalar and the rest of a contraction, when one of its operands is a known number. */
const knownFactor = (node: Tensor): { readonly factor: number; readonly rest: Tensor } | undefined => {
  if (!isOp(node, 'contract') || node.inputs.length < 2) return undefined
  const at = node.op.operands.findIndex(
    (indices, k) => indices.length === 0 && knownScalar(node.inputs[k]!) !== undefined
  )
  if (at < 0) return undefined
  const others = <A>(list: readonly A[]): A[] => list.filter((_, k) => k !== at)
  return {
    factor: knownScalar(node.inputs[at]!)!,
    rest: contract(others(node.inputs), others(node.op.operands), node.op.output, node.op.sizes)
  }
}

/** Whether float32 holds a number that two others are replaced by: neither overflows to ∞ nor is lost to 0. */
const isSafeFactor = (factor: number): boolean => Math.abs(factor) < 2 ** 126 && Math.abs(factor) > 2 ** -126

/** Whether the reciprocal of a number is exact, so that to multiply by it is to divide: whether it is a power of 2. */
const hasReciprocal = (divisor: number): boolean =>
  isSafeFactor(divisor) && Math.abs(divisor) === 2 ** Math.round(Math.log2(Math.abs(divisor)))

/** −x, if the node is known to be one. */
const negated = (node: Tensor): Tensor | undefined => {
  if (isPointwise('neg')(node)) return node.inputs[0]
  const known = knownFactor(node)
  return known?.factor === -1 ? known.rest : undefined
}

/** A row-major reshape that only inserts or removes axes of size 1, as a contraction, through which others can merge. */
const unitReshape = (node: TensorOf<'reshape'>): Tensor | undefined => {
  const [x] = node.inputs
  const from = x!.shape.flatMap((n, axis) => (n === 1 ? [] : [axis]))
  const to = node.shape.flatMap((n, axis) => (n === 1 ? [] : [axis]))
  const same = from.length === to.length && from.every((axis, i) => x!.shape[axis] === node.shape[to[i]!])
  if (!same) return undefined
  const rank = x!.shape.length
  const output = node.shape.map((_, axis) => {
    const place = to.indexOf(axis)
    return place < 0 ? rank + axis : from[place]!
  })
  return contract([x!], [x!.shape.map((_, axis) => axis)], output, [...x!.shape, ...node.shape.map(() => 1)])
}

/** The algebra of reshapes, which no contraction is made by. */
const reshapes: readonly Rewrite[] = [
  {
    name: 'reshape of reshape',
    of: ['reshape'],
    apply: (node) =>
      isOp(node, 'reshape') && isOp(node.inputs[0]!, 'reshape')
        ? apply(node.op, node.inputs[0].inputs)
        : undefined
  },
  {
    name: 'reshape to the same shape',
    of: ['reshape'],
    apply: (node) =>
      isOp(node, 'reshape') && sameShape(node.shape, node.inputs[0]!.shape) ? node.inputs[0] : undefined
  }
]

/** The algebra of contractions. */
const contractions: readonly Rewrite[] = [
  {
    name: 'view of a view',
    of: ['contract'],
    apply: (node) => {
      const inner = node.inputs[0]
      if (!isOp(node, 'contract') || node.inputs.length !== 1 || !isOp(inner!, 'contract')) return undefined
      if (inner.inputs.length !== 1) return undefined
      const { op, inputs } = substitute(node, inner)
      return contract(inputs, op.operands, op.output, op.sizes)
    }
  },
  {
    name: '0 · x = 0 for an x that no argument makes infinite',
    of: ['contract'],
    apply: (node) =>
      isOp(node, 'contract') &&
      node.inputs.length > 1 &&
      node.inputs.some((input) => knownScalar(input) === 0) &&
      node.inputs.every(isAlwaysFinite)
        ? fill(0, node.shape)
        : undefined
  },
  {
    name: '1 · x = x',
    of: ['contract'],
    apply: (node) => {
      const known = knownFactor(node)
      return known?.factor === 1 ? known.rest : undefined
    }
  },
  {
    name: 'a · (b · x) = (ab) · x for numbers a, b',
    of: ['contract'],
    apply: (node) => {
      const outer = knownFactor(node)
      const inner = outer === undefined ? undefined : knownFactor(outer.rest)
      const factor = (outer?.factor ?? 0) * (inner?.factor ?? 0)
      return outer === undefined || inner === undefined || !isSafeFactor(factor)
        ? undefined
        : scaleBy(constant(factor), inner.rest)
    }
  },
  {
    name: 'reshape with units = contraction',
    of: ['reshape'],
    apply: (node) => (isOp(node, 'reshape') ? unitReshape(node) : undefined)
  }
]

/** The algebra of pointwise functions. */
const pointwise: readonly Rewrite[] = [
  rule('x + 0 = x', 'add', (a, b) => (knownScalar(b) === 0 ? a : knownScalar(a) === 0 ? b : undefined)),
  rule('x + x = 2x', 'add', (a, b) => (a === b ? scaleBy(constant(2), a) : undefined)),
  rule('a + (−b) = a − b', 'add', (a, b) => {
    const [na, nb] = [negated(a), negated(b)]
    if (nb !== undefined) return apply({ tag: 'pointwise', fn: 'sub' }, [a, nb])
    return na === undefined ? undefined : apply({ tag: 'pointwise', fn: 'sub' }, [b, na])
  }),
  rule('x − 0 = x', 'sub', (a, b) => (knownScalar(b) === 0 ? a : undefined)),
  rule('0 − x = −x', 'sub', (a, b) =>
    knownScalar(a) === 0 ? apply({ tag: 'pointwise', fn: 'neg' }, [b]) : undefined
  ),
  rule('a − (−b) = a + b', 'sub', (a, b) => {
    const inner = negated(b)
    return inner === undefined ? undefined : apply({ tag: 'pointwise', fn: 'add' }, [a, inner])
  }),
  rule('−(−x) = x', 'neg', (a) => negated(a)),
  rule('−(contraction) = contraction with −1', 'neg', (a) =>
    isOp(a, 'contract') && a.inputs.length > 1 ? scaleBy(constant(-1), a) : undefined
  ),
  rule('x / number = x · (1 / number) for a power of 2', 'div', (a, b) => {
    const divisor = knownScalar(b)
    return divisor === undefined || !hasReciprocal(divisor) ? undefined : scaleBy(constant(1 / divisor), a)
  }),
  rule('powers that are products', 'pow', (a, b) => {
    switch (knownScalar(b)) {
      case 0:
        return fill(1, a.shape)
      case 1:
        return a
      case 2:
        return product(a, a)
      case 3:
        return product(a, a, a)
      default:
        return undefined
    }
  }),
  rule('relu(x) = max(x, 0)', 'relu', (a) => apply({ tag: 'pointwise', fn: 'max' }, [a, fill(0, a.shape)])),
  rule('gate(condition, x) = condition · x for a finite x', 'gate', (condition, a) =>
    isBoolean(condition) && isFiniteForFinite(a) ? product(condition, a) : undefined
  ),
  rule('select(condition, x, x) = x', 'select', (_, a, b) => (a === b ? a : undefined)),
  rule('select of a known condition', 'select', (condition, a, b) => {
    const known = knownScalar(condition)
    return known === undefined ? undefined : known !== 0 ? a : b
  }),
  rule('max(x, x) = x', 'max', (a, b) => (a === b ? a : undefined)),
  rule('min(x, x) = x', 'min', (a, b) => (a === b ? a : undefined)),
  rule('|x|, x known to be 0 or 1', 'abs', (a) => (isBoolean(a) ? a : undefined)),
  rule('exp(0) = 1', 'exp', (a) => (knownScalar(a) === 0 ? broadcastTo(constant(1), a.shape) : undefined))
]

/** A pointwise function on tensors without axes of size 1, which vmap over a batched function leaves behind. */
const units: Rewrite = {
  name: 'axes of size 1 leave pointwise functions',
  of: ['pointwise'],
  apply: (node) => {
    if (!isOp(node, 'pointwise') || !node.shape.includes(1)) return undefined
    const kept = node.shape.flatMap((n, axis) => (n === 1 ? [] : [axis]))
    const all = node.shape.map((_, axis) => axis)
    const squeezed = node.inputs.map((input) => contract([input], [all], kept, node.shape))
    return contract([apply(node.op, squeezed)], [kept], all, node.shape)
  }
}

/** The algebra of slices, pads and the rest. */
const structure: readonly Rewrite[] = [
  {
    name: 'slice of everything',
    of: ['slice'],
    apply: (node) =>
      isOp(node, 'slice') && sameShape(node.shape, node.inputs[0]!.shape) ? node.inputs[0] : undefined
  },
  {
    name: 'slice of one part of a concatenation',
    of: ['slice'],
    apply: (node) => {
      const [whole] = node.inputs
      if (!isOp(node, 'slice') || !isOp(whole!, 'concat')) return undefined
      const { axis } = whole.op
      const { start, limit, stride } = node.op
      let before = 0
      for (const part of whole.inputs) {
        const after = before + part.shape[axis]!
        if (start[axis]! >= before && limit[axis]! <= after) {
          const within = (place: number, a: number): number => (a === axis ? place - before : place)
          return apply({ tag: 'slice', start: start.map(within), limit: limit.map(within), stride }, [part])
        }
        before = after
      }
      return undefined
    }
  },
  {
    name: 'pad by nothing',
    of: ['pad'],
    apply: (node) =>
      isOp(node, 'pad') && sameShape(node.shape, node.inputs[0]!.shape) ? node.inputs[0] : undefined
  },
  {
    name: 'pad of zeros',
    of: ['pad'],
    apply: (node) =>
      isOp(node, 'pad') && knownScalar(node.inputs[0]!) === 0 ? fill(0, node.shape) : undefined
  },
  {
    name: 'structure of a constant fill',
    of: ['reshape', 'slice', 'reduceMax'],
    apply: (node) => {
      if (!isOp(node, 'reshape') && !isOp(node, 'slice') && !isOp(node, 'reduceMax')) return undefined
      const known = knownScalar(node.inputs[0]!)
      return known === undefined ? undefined : fill(known, node.shape)
    }
  },
  {
    name: 'the largest n of n',
    of: ['topKMask'],
    apply: (node) =>
      isOp(node, 'topKMask') && node.op.k === node.shape[node.shape.length - 1]
        ? fill(1, node.shape)
        : undefined
  }
]

/** All algebraic rules, in the order in which they are tried. */
export const rewrites: readonly Rewrite[] = [
  ...reshapes,
  ...contractions,
  units,
  ...pointwise,
  ...windows,
  ...structure
]

/** Two bottom-up passes of constant folding and the algebraic rules: a rule may need what another made of a later node. */
export const simplify = (graph: Graph): Graph => {
  const visit = settle(rewrites)
  return rewrite(rewrite(graph, visit), visit)
}

/** Constant folding and the merging of reshapes, for graphs whose contractions must stay in the form they have. */
export const foldReshapes = (graph: Graph): Graph => rewrite(graph, settle(reshapes))
