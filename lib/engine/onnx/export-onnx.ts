import type * as E from 'fp-ts/lib/Either.js'
import { entry } from '../../core/entry.js'
import { fail, showValue, type TangentError } from '../../core/error.js'
import { isNdArray, type NdArray } from '../../core/ndarray.js'
import { expectOneOf } from '../../core/nearest.js'
import { checkOptions, option, type OptionKinds } from '../../core/options.js'
import { showShape } from '../../core/shape.js'
import { children, type Leaf, leaves, rebuild } from '../../core/tree.js'
import { inputName } from '../../graph/graph.js'
import { isKeyLeaf, isSpecLeaf, spec, type SpecLeaf, type Specs } from '../../graph/spec.js'
import { isOp, isTensor, type Tensor } from '../../graph/tensor.js'
import { attempt, traceOrThrow } from '../../graph/trace.js'
import { optimise } from '../../optimise/index.js'
import { unrollLoops } from '../../optimise/unroll-loops.js'
import { planOf } from '../plan.js'
import type { OnnxValue } from './builder.js'
import { batchSizes, dynamicBatch } from './dynamic-batch.js'
import { lower } from './lower.js'
import { chosenNames, portNames, renamed } from './port-names.js'
import { OPSET, type OnnxPort, serialise } from './serialise.js'

/** A model file, and the names under which it takes and gives tensors, in the order of the function's leaves. */
export interface OnnxFile {
  /** The file. */
  readonly bytes: Uint8Array
  /** The names of the inputs, in the order of the arguments. */
  readonly inputs: readonly string[]
  /** The names of the outputs. */
  readonly outputs: readonly string[]
  /** The version of the operators, which a runtime must know. */
  readonly opset: number
}

/** How a function becomes a file. */
export interface ExportOptions {
  /**
   * For each argument the axis of its leaves along which examples are, or null, as the `axes` of `vmap`: the file then takes
   * batches of any size.
   *
   * @defaultValue the file takes the shapes of the arguments and no other
   */
  readonly batchAxes?: readonly (number | null)[]
  /** Whether arrays among the arguments are constants of the file, or inputs as specs are. @defaultValue `'inside'` */
  readonly parameters?: 'inside' | 'inputs'
  /**
   * Names of the inputs of the file, in the order of the arguments' leaves, as `input_names` of `torch.onnx.export`.
   *
   * @defaultValue their places among the arguments
   */
  readonly inputNames?: readonly string[]
  /** Names of the outputs, in the order of the result's leaves. @defaultValue `output` and their places in the result */
  readonly outputNames?: readonly string[]
  /** What the file says of itself. */
  readonly description?: string
  /** What the file says of its inputs and outputs, by their names. */
  readonly descriptions?: Readonly<Record<string, string>>
  /** Further texts of the file, by names of your own. */
  readonly metadata?: Readonly<Record<string, string>>
}

const kinds: OptionKinds<ExportOptions> = {
  batchAxes: option.record,
  parameters: option.word('inside', 'inputs'),
  inputNames: option.list,
  outputNames: option.list,
  description: option.text,
  descriptions: option.record,
  metadata: option.record
}

const requireTexts = (where: string, texts: Readonly<Record<string, unknown>>): void => {
  for (const [name, text] of Object.entries(texts))
    if (typeof text !== 'string')
      fail('ArgumentError', 'exportOnnx', 'a text', showValue(text), `${where}, ${name}`)
}

/** The version of this package, which files name as that of their producer. */
const VERSION = '0.2.0'

/** A lowered function, with the names of its inputs and outputs. */
const lowered = <Args extends readonly unknown[], Out>(f: (...args: Args) => Out, specs: Specs<Args>) => {
  const { graph, out } = traceOrThrow(f, specs)
  const drawn = graph.inputs.find((input) => isOp(input, 'keyInput'))
  if (drawn !== undefined)
    fail('ArgumentError', 'exportOnnx', 'a function without a key', 'a key', inputName(drawn))
  const plan = planOf(optimise(unrollLoops(graph)))
  const stray = plan.graph.inputs.length - graph.inputs.length
  if (stray !== 0)
    fail('ArgumentError', 'exportOnnx', 'a function that draws nothing', `${stray} random tensors`)
  const model = lower(plan)
  const inputs = portNames(graph.inputs.map(inputName))
  const results = leaves<Tensor>('exportOnnx', isTensor, out)
  const outputs = portNames(results.map(({ path }) => path)).map((name) =>
    name === '' ? 'output' : `output.${name}`
  )
  return { model, inputs, outputs }
}

/** For each leaf of the arguments the axis of the batch, or null. */
type LeafAxes = readonly (number | null)[]

const leavesOf = (tree: unknown) => leaves('exportOnnx', isSpecLeaf, tree)

const axesOf = (specs: unknown, axes: ExportOptions['batchAxes']): LeafAxes => {
  const args = children(isSpecLeaf, specs)
  const each = args.flatMap((arg, i) => leavesOf(arg).map(() => axes?.[i] ?? null))
  if (axes !== undefined && (axes.length !== args.length || each.every((axis) => axis === null)))
    fail(
      'ArgumentError',
      'exportOnnx',
      `an axis or null for each of ${args.length} arguments, and at least one axis`,
      showValue(axes),
      'batchAxes'
    )
  return each
}

const resizedLeaf = (axis: number, size: number, { path, value }: Leaf<SpecLeaf>): SpecLeaf => {
  if (isKeyLeaf(value)) return value
  if (!Number.isInteger(axis) || axis < 0 || axis >= value.shape.length)
    fail(
      'ArgumentError',
      'exportOnnx',
      `an axis of ${showShape(value.shape)}`,
      `${axis}`,
      `batchAxes, ${path}`
    )
  return spec(value.shape.map((n, i) => (i === axis ? size : n)))
}

/** The specs with another size of the batch. */
const resized = <S>(specs: S, axes: LeafAxes, size: number): S =>
  rebuild<unknown, S>(
    'exportOnnx',
    isSpecLeaf,
    specs,
    leavesOf(specs).map((leaf, k) => {
      const axis = axes[k] ?? null
      return axis === null ? leaf.value : resizedLeaf(axis, size, leaf)
    })
  )

/** The sizes of an axis as a file says them, given its sizes for batches of several sizes. */
const dimsOf = (values: readonly OnnxValue[]): OnnxPort['dims'] =>
  values[0]!.dims.map((n, axis) => {
    const sizes = values.map(({ dims }) => dims[axis])
    if (sizes.every((size) => size === n)) return n
    return sizes.every((size, k) => size === batchSizes[k]) ? 'batch' : undefined
  })

/** A function as one model: for the sizes of its arguments, or for batches of any size. */
const modelOf = <Args extends readonly unknown[], Out>(
  f: (...args: Args) => Out,
  specs: Specs<Args>,
  axes: LeafAxes
) => {
  const port = axes.findIndex((axis) => axis !== null)
  if (port < 0) {
    const one = lowered(f, specs)
    return { ...one, dims: [...one.model.inputs, ...one.model.outputs].map((value) => dimsOf([value])) }
  }
  const [n, m, l] = batchSizes
  const of = (size: number) => lowered(f, resized(specs, axes, size))
  const [one, second, third] = [of(n), of(m), of(l)]
  const models = [one.model, second.model, third.model] as const
  const ports = models.map(({ inputs, outputs }) => [...inputs, ...outputs])
  return {
    ...one,
    model: dynamicBatch(models, port, axes[port]!),
    dims: ports[0]!.map((_, i) => dimsOf(ports.map((each) => each[i]!)))
  }
}

/**
 * A traced function as an ONNX model (opset 17, float32) that any ONNX runtime opens: traced for arguments of these shapes,
 * optimised as an engine would have it, loops written out. Arrays among the arguments, such as trained parameters, are constants of
 * the file; specs are its inputs. With `batchAxes` it takes batches of any size: a function that is not the same program for each,
 * such as a mean over the batch, is then refused with an ArgumentError. Inputs are named by their place among the arguments
 * (`0.2.w` is `w` of the third layer of the first argument), outputs by theirs in the result (`output.loss`; `output` where it is
 * one tensor), one for each, unless `inputNames` and `outputNames` say otherwise. Two of one name, as of the fields `a.b` and `b` of
 * `a`, are a TreeError. A function that draws random numbers is refused: engines draw them on the host.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { exportOnnx, key, nn, spec, type Tensor } from 'tangentflow'
 *
 * const net = nn.serial(nn.dense(8), nn.relu, nn.dense(3))
 * const logits = (params: nn.Params, x: Tensor) => net.apply(params)(x)
 * const params = net.init(key(0), [4])
 * const file = exportOnnx(logits, [params, spec([1, 4])], { batchAxes: [null, 0], description: 'logits' })
 * assert.ok(E.isRight(file))
 * assert.deepEqual([file.right.inputs, file.right.outputs], [['1'], ['output']])
 * const named = exportOnnx(logits, [params, spec([1, 4])], { inputNames: ['features'], outputNames: ['logits'] })
 * assert.ok(E.isRight(named))
 * assert.deepEqual([named.right.inputs, named.right.outputs], [['features'], ['logits']])
 * const open = exportOnnx(logits, [params, spec([16, 4])], { parameters: 'inputs' })
 * assert.ok(E.isRight(open))
 * assert.deepEqual(open.right.inputs, ['0.0.b', '0.0.w', '0.2.b', '0.2.w', '1'])
 */
export const exportOnnx = entry(
  'exportOnnx',
  'Either',
  1,
  <Args extends readonly unknown[], Out>(
    f: (...args: Args) => Out,
    specs: Specs<Args>,
    options: ExportOptions = {}
  ): E.Either<TangentError, OnnxFile> =>
    attempt(() => {
      checkOptions('exportOnnx', kinds, options)
      const { batchAxes, parameters = 'inside', description, descriptions = {}, metadata = {} } = options
      requireTexts('descriptions', descriptions)
      requireTexts('metadata', metadata)
      const axes = axesOf(specs, batchAxes)
      const { model, dims, ...places } = modelOf(f, specs, axes)
      const given = leavesOf(specs).map(({ value }, k): NdArray | undefined =>
        parameters === 'inside' && axes[k] === null && isNdArray(value) ? value : undefined
      )
      const isInput = (_: unknown, i: number): boolean => given[i] === undefined
      const { inputs, outputs } = chosenNames(places, isInput, options)
      const names = [...inputs, ...outputs]
      const unknown = Object.keys(descriptions).find((name) => !names.includes(name))
      if (unknown !== undefined)
        fail(
          'ArgumentError',
          'exportOnnx',
          expectOneOf('an input or output', names, unknown),
          unknown,
          'descriptions'
        )
      const ports = [...model.inputs, ...model.outputs]
      const named = renamed(model, new Map(ports.map(({ name }, i) => [name, names[i]!] as const)))
      const used = new Set(named.nodes.flatMap((node) => node.inputs.map(({ name }) => name)))
      const inside = given.flatMap((array, i) =>
        array === undefined || !used.has(inputs[i]!)
          ? []
          : [{ type: 'float' as const, name: inputs[i]!, array }]
      )
      const bytes = serialise(
        {
          ...named,
          inputs: named.inputs.filter(isInput),
          initializers: [...inside, ...named.initializers]
        },
        {
          version: VERSION,
          description,
          metadata,
          ports: new Map(
            names.map((name, i) => [name, { dims: dims[i]!, description: descriptions[name] }] as const)
          )
        }
      )
      return { bytes, inputs: inputs.filter(isInput), outputs, opset: OPSET }
    })
)
