import { requireWhole } from '../../core/check.js'
import { fail } from '../../core/error.js'
import { requireShape, type Shape, sizeOf } from '../../core/shape.js'
import type { EvaluateNode, Op, OpOf, Primitive, Tensor } from '../op.js'
import { dependents, graphKeyBy, topological } from '../topological.js'

/** The shapes of the results: the last carries, and the results of the steps, stacked. */
export const resultShapes = ({ body, carries, length }: OpOf<'scan'>): readonly Shape[] =>
  body.outputs.map(({ shape }, k) => (k < carries ? shape : [length, ...shape]))

const shape: Primitive<'scan'>['shape'] = (op, inputs) => {
  const { body, carries, sequences, length } = op
  requireWhole('scan', 'length', length, 1)
  const symbols = body.inputs.slice(1)
  if (inputs.length !== symbols.length)
    fail('ArgumentError', 'scan', `${symbols.length} inputs`, `${inputs.length}`)
  symbols.forEach((symbol, k) => {
    const isSequence = k >= carries && k < carries + sequences
    requireShape(
      'scan',
      `input ${k}`,
      inputs[k]!,
      isSequence ? [length, ...symbol.shape] : symbol.shape,
      'shape'
    )
  })
  return [resultShapes(op).reduce((total, each) => total + sizeOf(each), 0)]
}

/** The body as a function of the elements of its inputs. What no step changes is computed once. */
const stepOf = (
  { body, carries, sequences }: OpOf<'scan'>,
  captured: readonly Float64Array[],
  evaluateNode: EvaluateNode
): ((varying: readonly Float64Array[]) => readonly Float64Array[]) => {
  const given = 1 + carries + sequences
  const order = topological(body.outputs)
  const changing = dependents(order, body.inputs.slice(0, given))
  const once = new Map<Tensor, Float64Array>(
    body.inputs.slice(given).map((input, k) => [input, captured[k]!])
  )
  const run = (nodes: readonly Tensor[], known: Map<Tensor, Float64Array>): void => {
    for (const node of nodes)
      if (!known.has(node))
        known.set(
          node,
          evaluateNode(
            node,
            node.inputs.map((input) => known.get(input) ?? once.get(input)!)
          )
        )
  }
  run(
    order.filter((node) => !changing.has(node)),
    once
  )
  const repeated = order.filter((node) => changing.has(node))
  return (varying) => {
    const known = new Map<Tensor, Float64Array>(varying.map((value, k) => [body.inputs[k]!, value]))
    run(repeated, known)
    return body.outputs.map((output) => known.get(output) ?? once.get(output)!)
  }
}

const evaluate: Primitive<'scan'>['evaluate'] = (op, inputs, node, evaluateNode) => {
  const { carries, sequences, length, reverse } = op
  const out = new Float64Array(sizeOf(node.shape))
  const sizes = op.body.outputs.map((output) => sizeOf(output.shape))
  const step = stepOf(op, inputs.slice(carries + sequences), evaluateNode)
  const stacks = inputs.slice(carries, carries + sequences)
  let state = inputs.slice(0, carries)
  const after = sizes.slice(0, carries).reduce((total, size) => total + size, 0)
  for (let i = 0; i < length; i++) {
    const at = reverse ? length - 1 - i : i
    const entries = stacks.map((stack) =>
      stack.subarray((at * stack.length) / length, ((at + 1) * stack.length) / length)
    )
    const results = step([Float64Array.of(at), ...state, ...entries])
    state = results.slice(0, carries)
    let offset = after
    results.slice(carries).forEach((result, k) => {
      out.set(result, offset + at * sizes[carries + k]!)
      offset += length * sizes[carries + k]!
    })
  }
  let offset = 0
  for (const carry of state) {
    out.set(carry, offset)
    offset += carry.length
  }
  return out
}

const plural = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

/** A loop of a fixed number of steps; the primitives of its body are named by `opKey`. */
export const scan = (opKey: (op: Op) => string): Primitive<'scan'> => ({
  shape,
  evaluate,
  key: ({ body, length, carries, sequences, reverse }) =>
    `scan ${length} ${carries} ${sequences} ${reverse} {${graphKeyBy(opKey)(body)}}`,
  show: ({ length, carries, sequences, reverse }) =>
    [
      plural(length, 'step'),
      `${carries} carried`,
      plural(sequences, 'sequence'),
      ...(reverse ? ['reverse'] : [])
    ].join(', ')
})
