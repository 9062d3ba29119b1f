import {
  evaluateOn,
  type Graph,
  grad,
  linearize,
  ndarray,
  optimise,
  ops,
  spec,
  type Tensor,
  trace,
  vjp
} from 'tangentflow'
import { evaluateGraph } from '../../../lib/graph/evaluate.js'
import { numberNodes } from '../../../lib/graph/graph.js'
import { opName, showAttributes } from '../../../lib/graph/primitives/index.js'
import { right } from '../frame/lesson.js'
import { functionOf } from './expression.js'

/** A node of a graph, as a line shows it. */
export interface Row {
  readonly name: string
  readonly inputs: readonly number[]
  readonly value: readonly number[]
  /** Whether it depends on the vector that is pushed or pulled, so that it is linear in it. */
  readonly isLinear: boolean
  /** Equal for nodes of several graphs that compute the same. */
  readonly key: string
}

type Point = readonly [x1: number, x2: number]

/** The nodes of a graph in order, with their values; what depends on an input after the first is linear. */
const rowsOf = (graph: Graph, values: readonly (readonly number[])[]): readonly Row[] => {
  const { nodes, id } = numberNodes(graph)
  const arrays = graph.inputs.map(({ shape }, i) => ndarray.of(shape, values[i]!))
  const results = evaluateGraph({ inputs: graph.inputs, outputs: nodes }, arrays)
  const rows: Row[] = []
  nodes.forEach(({ op, inputs }, i) => {
    const from = inputs.map(id)
    const attributes = op.tag === 'input' ? '' : showAttributes(op)
    const name = op.tag === 'input' ? 'input' : [opName(op), attributes].join(' ').trim()
    const place = graph.inputs.indexOf(nodes[i]!)
    rows.push({
      name,
      inputs: from,
      value: [...results[i]!.data],
      isLinear: place > 0 || from.some((input) => rows[input]!.isLinear),
      key: place >= 0 ? `input-${place}` : `${name}(${from.map((input) => rows[input]!.key).join()})`
    })
  })
  return rows
}

const vector = spec([2])

/** A function as a graph, and its linearisation along a direction. */
export const forwardOf = (expression: string, x: Point, direction: Point) => {
  // #region forward
  const f = functionOf(expression)
  const function_ = right(trace(f, [vector]))
  const linear = right(trace((at: Tensor, dx: Tensor) => linearize(f)(at)[1](dx), [vector, vector]))
  // #endregion forward
  return { function: rowsOf(function_.graph, [x]), linear: rowsOf(linear.graph, [x, direction]) }
}

/** The transposed linearisation as a graph, as it is traced and as it is optimised. */
export const reverseOf = (expression: string, x: Point) => {
  // #region reverse
  const f = functionOf(expression)
  const transposed = right(trace((at: Tensor, dy: Tensor) => vjp(f)(at)[1](dy), [vector, spec([])]))
  const gradient = right(trace(grad(f), [vector]))
  const optimised = optimise(gradient.graph)
  // #endregion reverse
  return { transposed: rowsOf(transposed.graph, [x, [1]]), optimised: rowsOf(optimised, [x]) }
}

/** The value of a function and its gradient, and J times each unit vector. */
export const derivativesOf = (expression: string, [x1, x2]: Point) => {
  const f = functionOf(expression)
  const x = ndarray.of([2], [x1, x2])
  const forward = evaluateOn((at: Tensor, dx: Tensor) => linearize(f)(at)[1](dx))
  return {
    value: evaluateOn(f)(x).data[0]!,
    gradient: [...evaluateOn(grad(f))(x).data],
    forward: [[1, 0], [0, 1]].map((unit) => forward(x, ndarray.of([2], unit)).data[0]!) // prettier-ignore
  }
}

/** The steps of the differences: a tenth, and four for each power of ten down to 10⁻¹³. */
const steps = Array.from({ length: 49 }, (_, i) => 10 ** (-1 - i / 4))

/** How far the difference quotients along x₁ are from the derivative, for each step. */
export const differencesOf = (expression: string, [x1, x2]: Point) => {
  const { gradient } = derivativesOf(expression, [x1, x2])
  // #region differences
  const f = functionOf(expression)
  const along = ops.constant(ndarray.of([2], [1, 0]))
  const quotients = evaluateOn((x: Tensor, h: Tensor) => {
    const at = (size: Tensor): Tensor => f(ops.add(ops.mul(along)(size))(x))
    const slope = (high: Tensor, low: Tensor, width: Tensor): Tensor => ops.div(width)(ops.sub(low)(high))
    return {
      oneSided: slope(at(h), f(x), h),
      central: slope(at(h), at(ops.neg(h)), ops.scale(2)(h))
    }
  })
  // #endregion differences
  const x = ndarray.of([2], [x1, x2])
  return steps.map((h) => {
    const { oneSided, central } = quotients(x, ndarray.scalar(h))
    const error = (value: number): number => Math.abs(value - gradient[0]!)
    return { h, oneSided: error(oneSided.data[0]!), central: error(central.data[0]!) }
  })
}
