import { fail } from '../../core/error.js'
import type { Initializer, OnnxModel, OnnxNode, OnnxValue } from './builder.js'

/**
 * The sizes of a batch for which a model is lowered: primes, so that no other size is one of them by chance, and near each other,
 * so that costs choose the same program for all of them.
 */
export const batchSizes = [61, 67, 71] as const

/** A model for each of {@link batchSizes}. */
export type SizedModels = readonly [OnnxModel, OnnxModel, OnnxModel]

/** What depends on the size of the batch in another way than shapes may. */
const refuse = (received: string): never =>
  fail(
    'ArgumentError',
    'exportOnnx',
    'a function of each example, with one program for every size of the batch',
    received,
    'batchAxes'
  )

const textOf = ({ op, inputs, outputs, attributes }: OnnxNode): string =>
  JSON.stringify([op, inputs.map(({ name }) => name), outputs.map(({ name }) => name), attributes])

/** For three whole numbers, one for each size, the factor and term of factor · size + term, where there are such. */
const affine = ([a, b, c]: readonly [number, number, number]): readonly [number, number] | undefined => {
  const [n, m, l] = batchSizes
  const factor = (b - a) / (m - n)
  const term = a - factor * n
  return Number.isInteger(factor) && factor * l + term === c ? [factor, term] : undefined
}

/** The values of an initializer that all models have, or, where they follow the size of the batch, how. */
const common = ([first, second, third]: readonly [
  Initializer,
  Initializer | undefined,
  Initializer | undefined
]):
  | Initializer
  | { readonly name: string; readonly factors: readonly number[]; readonly terms: readonly number[] } => {
  const { name } = first
  const alike = [second, third].every((other) => other?.name === name && other.type === first.type)
  if (!alike) return refuse('constants that differ between sizes')
  if (first.type === 'float') {
    const same = [second, third].every(
      (other) =>
        other?.type === 'float' &&
        other.array.shape.join() === first.array.shape.join() &&
        first.array.data.every((v, i) => Object.is(v, other.array.data[i]))
    )
    return same ? first : refuse('numbers that follow the size, as those of a mean over the batch do')
  }
  const [b, c] = [second, third].map((other) => (other?.type === 'int64' ? other.values : []))
  if (b!.length !== first.values.length || c!.length !== first.values.length)
    return refuse('shapes of another number of axes')
  const lines = first.values.map(
    (a, i) => affine([a, b![i]!, c![i]!]) ?? refuse('shapes that do not follow the size')
  )
  const factors = lines.map(([factor]) => factor)
  return factors.every((factor) => factor === 0)
    ? first
    : { name, factors, terms: lines.map(([, term]) => term) }
}

const ints = (name: string, length: number): OnnxValue => ({ name, dims: [length], type: 'int64' })

/**
 * One model for every size of the batch, from those of three sizes, which must be the same but for shapes: a shape that follows the
 * size n is computed as a · n + b from the shape of the input of that place, along whose given axis the batch is.
 */
export const dynamicBatch = (models: SizedModels, port: number, axis: number): OnnxModel => {
  const [first, ...others] = models
  const input = first.inputs[port]!
  const texts = first.nodes.map(textOf).join('\n')
  if (others.some(({ nodes }) => nodes.map(textOf).join('\n') !== texts))
    return refuse('other operators for another size')
  const found = first.initializers.map((one, i) =>
    common([one, others[0]!.initializers[i], others[1]!.initializers[i]])
  )
  const initializers: Initializer[] = [{ type: 'int64', name: 'batch axis', values: [axis] }]
  const size = ints('batch', 1)
  const rank = ints('batch shape', input.dims.length)
  const nodes: OnnxNode[] = [
    { op: 'Shape', inputs: [input], outputs: [rank], attributes: {} },
    { op: 'Gather', inputs: [rank, ints('batch axis', 1)], outputs: [size], attributes: { axis: 0 } }
  ]
  for (const one of found) {
    if ('type' in one) {
      initializers.push(one)
      continue
    }
    const { name, factors, terms } = one
    const [factor, term, product, whole] = [`${name} factors`, `${name} terms`, `${name} product`, name].map(
      (each) => ints(each, factors.length)
    )
    initializers.push({ type: 'int64', name: factor!.name, values: factors })
    initializers.push({ type: 'int64', name: term!.name, values: terms })
    nodes.push({ op: 'Mul', inputs: [factor!, size], outputs: [product!], attributes: {} })
    nodes.push({ op: 'Add', inputs: [product!, term!], outputs: [whole!], attributes: {} })
  }
  const isUsed = found.some((one) => !('type' in one))
  return isUsed ? { ...first, nodes: [...nodes, ...first.nodes], initializers } : first
}
