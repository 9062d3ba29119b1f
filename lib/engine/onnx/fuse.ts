import { sameShape, sizeOf } from '../../core/shape.js'
import { type OnnxModel, type OnnxNode, type OnnxValue, readsOf } from './builder.js'

/** The nodes that the outputs need, in their order. */
const needed = (nodes: readonly OnnxNode[], outputs: readonly OnnxValue[]): OnnxNode[] => {
  const wanted = new Set(outputs.map(({ name }) => name))
  const kept = nodes.toReversed().filter((node) => {
    if (!node.outputs.some(({ name }) => wanted.has(name))) return false
    for (const { name } of readsOf(node)) wanted.add(name)
    return true
  })
  return kept.reverse()
}

/** Whether Gemm can add a value to a result of these sizes: it repeats it, never the result. */
const isAddend = (value: OnnxValue, [rows, columns]: readonly number[]): boolean => {
  const [m, n] = [value.dims.at(-2) ?? 1, value.dims.at(-1) ?? 1]
  return value.dims.length <= 2 && (m === 1 || m === rows) && (n === 1 || n === columns)
}

const realOf = (node: OnnxNode, name: string): number => {
  const attribute = node.attributes[name]
  return typeof attribute === 'object' && 'real' in attribute ? attribute.real : 1
}

const scaled = (gemm: OnnxNode, factor: number, result: readonly OnnxValue[]): OnnxNode => ({
  ...gemm,
  outputs: result,
  attributes: { ...gemm.attributes, alpha: { real: realOf(gemm, 'alpha') * factor } }
})

/** The node whose first result has a name. */
type Producer = (name: string) => OnnxNode | undefined

/** The vector that a value is a reshape of. */
const vectorOf = (value: OnnxValue, producer: Producer): OnnxValue | undefined => {
  const reshape = producer(value.name)
  const vector = reshape?.op === 'Reshape' ? reshape.inputs[0] : undefined
  return vector?.dims.length === 1 ? vector : undefined
}

/** A matrix product with an addend; a row may be a vector. */
const withAddend = (
  gemm: OnnxNode,
  addend: OnnxValue,
  producer: Producer,
  result: readonly OnnxValue[]
): OnnxNode => {
  const row = addend.dims.at(-2) === 1 ? vectorOf(addend, producer) : undefined
  return { ...gemm, inputs: [...gemm.inputs, row ?? addend], outputs: result }
}

/**
 * A matrix product with the numbers that its operands were multiplied by drawn into α. The multiplication itself goes
 * when nobody else reads it.
 */
const withoutFactors = (
  gemm: OnnxNode,
  producer: Producer,
  number: ReadonlyMap<string, number>
): OnnxNode => {
  const stripped = gemm.inputs.slice(0, 2).map((operand) => {
    const node = producer(operand.name)
    if (node?.op !== 'Mul') return { operand, factor: 1 }
    const [a, b] = node.inputs
    const [factor, rest] = number.has(a!.name) ? [number.get(a!.name), b!] : [number.get(b!.name), a!]
    return factor !== undefined && sameShape(rest.dims, operand.dims)
      ? { operand: rest, factor }
      : { operand, factor: 1 }
  })
  const factor = stripped.reduce((product, part) => product * part.factor, 1)
  const operands = stripped.map(({ operand }) => operand)
  return factor === 1
    ? gemm
    : scaled({ ...gemm, inputs: [...operands, ...gemm.inputs.slice(2)] }, factor, gemm.outputs)
}

/** A convolution with one number added to each channel of its result. */
const withBias = (
  conv: OnnxNode,
  addend: OnnxValue,
  producer: Producer,
  result: readonly OnnxValue[]
): OnnxNode | undefined => {
  const channels = conv.outputs[0]!.dims[1]
  if (addend.dims.length !== 4 || addend.dims[1] !== channels || sizeOf(addend.dims) !== channels)
    return undefined
  const bias = vectorOf(addend, producer)
  return bias && { ...conv, inputs: [...conv.inputs, bias], outputs: result }
}

/** The number a model's constant consists of, if it is a single one. */
const numbers = (model: OnnxModel): ReadonlyMap<string, number> =>
  new Map(
    model.initializers.flatMap((initializer) =>
      initializer.type === 'float' && sizeOf(initializer.array.shape) === 1
        ? [[initializer.name, initializer.array.data[0]!] as const]
        : []
    )
  )

/**
 * Draws what follows a matrix product into it, where nothing else looks at the product: Gemm is α·AB + C, so a number
 * it or an operand is multiplied by becomes α and what it is added to becomes C. A step of gradient descent, w − rate · xᵀδ, is
 * then one operator. So is a convolution with its bias.
 */
export const fuse = (model: OnnxModel): OnnxModel => {
  const nodes = needed(model.nodes, model.outputs)
  const uses = new Map<string, number>()
  for (const { name } of [...nodes.flatMap(readsOf), ...model.outputs])
    uses.set(name, (uses.get(name) ?? 0) + 1)
  const number = numbers(model)
  const fused = new Map<string, OnnxNode>()
  const producer: Producer = (name) => fused.get(name)
  const openAs =
    (op: string) =>
    (value: OnnxValue): OnnxNode | undefined => {
      const node = fused.get(value.name)
      return node?.op === op && node.inputs.length === 2 && uses.get(value.name) === 1 ? node : undefined
    }
  const [open, openConv] = [openAs('Gemm'), openAs('Conv')] as const
  const biased = (
    value: OnnxValue,
    addend: OnnxValue,
    result: readonly OnnxValue[]
  ): OnnxNode | undefined => {
    const conv = openConv(value)
    return conv === undefined ? undefined : withBias(conv, addend, producer, result)
  }
  const absorbed = (node: OnnxNode): OnnxNode | undefined => {
    const [a, b] = node.inputs
    if (a === undefined || b === undefined || a.name === b.name) return undefined
    const [first, second] = [open(a), open(b)]
    switch (node.op) {
      case 'Mul': {
        const [factor, gemm] =
          second === undefined ? [number.get(b.name), first] : [number.get(a.name), second]
        return factor === undefined || gemm === undefined || a.dims.length > 2 || b.dims.length > 2
          ? undefined
          : scaled(gemm, factor, node.outputs)
      }
      case 'Add':
        if (second !== undefined && isAddend(a, b.dims)) return withAddend(second, a, producer, node.outputs)
        if (first !== undefined && isAddend(b, a.dims)) return withAddend(first, b, producer, node.outputs)
        return biased(a, b, node.outputs) ?? biased(b, a, node.outputs)
      case 'Sub':
        return second !== undefined && isAddend(a, b.dims)
          ? withAddend(scaled(second, -1, node.outputs), a, producer, node.outputs)
          : undefined
      default:
        return undefined
    }
  }
  for (const node of nodes) {
    const own = node.op === 'Gemm' ? withoutFactors(node, producer, number) : node
    fused.set(own.outputs[0]!.name, absorbed(own) ?? own)
  }
  const kept = needed([...fused.values()], model.outputs)
  const read = new Set(kept.flatMap(readsOf).map(({ name }) => name))
  return { ...model, nodes: kept, initializers: model.initializers.filter(({ name }) => read.has(name)) }
}
