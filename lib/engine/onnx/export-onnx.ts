import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { entry } from '../../core/entry.js'
import { fail, type TangentError } from '../../core/error.js'
import { inputName } from '../../graph/graph.js'
import { leafNames, leaves } from '../../core/tree.js'
import type { Specs } from '../../graph/spec.js'
import { isOp, isTensor, type Tensor } from '../../graph/tensor.js'
import { attempt, trace } from '../../graph/trace.js'
import { optimise } from '../../optimise/index.js'
import { unrollLoops } from '../../optimise/unroll-loops.js'
import { planOf } from '../plan.js'
import type { OnnxModel, OnnxValue } from './builder.js'
import { serialise } from './serialise.js'
import { lower } from './lower.js'

/** The same model with other names of values. */
const renamed = (model: OnnxModel, names: ReadonlyMap<string, string>): OnnxModel => {
  const value = (one: OnnxValue): OnnxValue => ({ ...one, name: names.get(one.name) ?? one.name })
  return {
    inputs: model.inputs.map(value),
    outputs: model.outputs.map(value),
    nodes: model.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(value),
      outputs: node.outputs.map(value)
    })),
    initializers: model.initializers.map((one) => ({ ...one, name: names.get(one.name) ?? one.name }))
  }
}

/** A text as a file holds it in UTF-8: half a surrogate pair has no place there. */
const wellFormed = (text: string): string => new TextDecoder().decode(new TextEncoder().encode(text))

/** Names of inputs or outputs by the paths of their leaves, `0.2.w` for `[0][2].w`. */
const portNames = (paths: readonly string[]): readonly string[] => {
  const names = leafNames('exportOnnx', paths.map(wellFormed))
  const cut = names.find((name) => name.includes('\0'))
  return cut === undefined
    ? names
    : fail(
        'TreeError',
        'exportOnnx',
        'names without the character 0, where runtimes end them',
        'one with it',
        cut
      )
}

/** A model file, and the names under which it takes and gives tensors, in the order of the function's leaves. */
export interface OnnxFile {
  /** The file. */
  readonly bytes: Uint8Array
  /** The names of the inputs, in the order of the arguments. */
  readonly inputs: readonly string[]
  /** The names of the outputs. */
  readonly outputs: readonly string[]
}

/**
 * A traced function as an ONNX model (opset 17, float32) that any ONNX runtime opens: traced for arguments of these shapes,
 * optimised as an engine would have it. Inputs are named by their place among the arguments (`0.2.w` is `w` of the third
 * layer of the first argument), outputs by theirs in the result (`output.loss`; `output` where it is one tensor), one for
 * each. Two of one name, as of the fields `a.b` and `b` of `a`, are a TreeError. A function that draws random numbers is
 * refused: engines draw them on the host.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { exportOnnx, key, nn, spec, type Tensor } from 'tangentflow'
 *
 * const net = nn.serial(nn.dense(8), nn.relu, nn.dense(3))
 * const logits = (params: nn.Params, x: Tensor) => net.apply(params)(x)
 * const file = exportOnnx(logits, [net.init(key(0), [4]), spec([16, 4])])
 * assert.ok(E.isRight(file))
 * assert.deepEqual(file.right.inputs, ['0.0.b', '0.0.w', '0.2.b', '0.2.w', '1'])
 * assert.deepEqual(file.right.outputs, ['output'])
 */
export const exportOnnx = entry(
  'exportOnnx',
  'Either',
  1,
  <Args extends readonly unknown[], Out>(
    f: (...args: Args) => Out,
    specs: Specs<Args>
  ): E.Either<TangentError, OnnxFile> =>
    pipe(
      trace(f, specs),
      E.flatMap(({ graph, out }) =>
        attempt(() => {
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
          const named = renamed(
            model,
            new Map([
              ...model.inputs.map(({ name }, i) => [name, inputs[i]!] as const),
              ...model.outputs.map(({ name }, i) => [name, outputs[i]!] as const)
            ])
          )
          return { bytes: serialise(named), inputs, outputs }
        })
      )
    )
)
