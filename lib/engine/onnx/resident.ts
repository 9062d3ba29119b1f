import type { NdArray } from '../../core/ndarray.js'
import type { ResidentResults } from '../backend.js'
import type { OnnxModel, OnnxValue } from './builder.js'
import type { InferenceSession, OnnxRuntime, Tensor } from './packages.js'
import { readResult, tensorOf } from './run-session.js'

/** How a model is loaded: with results on the host, or with those named here in buffers of the device. */
export type LoadSession = (model: OnnxModel, onDevice?: readonly string[]) => Promise<InferenceSession>

/** A model that gives what it is given, so that it is on the device from then on. */
const copyOf = (ports: readonly OnnxValue[]): OnnxModel => {
  const copies = ports.map((port) => ({ ...port, name: `${port.name} there` }))
  return {
    inputs: ports,
    outputs: copies,
    nodes: ports.map((port, k) => ({
      op: 'Identity',
      inputs: [port],
      outputs: [copies[k]!],
      attributes: {}
    })),
    initializers: []
  }
}

const isOnHost = ({ location }: Tensor): boolean => location === 'cpu'

/** Frees buffers of the device. */
const free = (tensors: readonly Tensor[]): void => {
  for (const tensor of tensors) if (!isOnHost(tensor)) tensor.dispose()
}

/**
 * Calls of a model on its own results, which stay in buffers of the device (ONNX Runtime's IO binding): a second session of the
 * model, loaded with the first run, leaves them there, and the plain session takes the last step and so brings them to the
 * host. Inputs that are one array in all calls go to the device once.
 */
export const residentOf = (
  { Tensor, call }: OnnxRuntime,
  load: LoadSession,
  plain: InferenceSession,
  model: OnnxModel
) => {
  const { inputs, outputs } = model
  const loaded = new Map<string, Promise<InferenceSession>>()
  /** The session of a name, loaded once; one that failed is tried again. */
  const sessionOf = (name: string, make: () => Promise<InferenceSession>): Promise<InferenceSession> => {
    const session = loaded.get(name) ?? make()
    loaded.set(name, session)
    session.catch(() => loaded.delete(name))
    return session
  }
  const runWith = (session: InferenceSession, ports: readonly OnnxValue[], values: readonly Tensor[]) =>
    call(() => session.run(Object.fromEntries(ports.map(({ name }, k) => [name, values[k]!]))))

  /** The inputs that are the same array in every call, on the device. */
  const upload = async (
    kept: number,
    calls: readonly (readonly NdArray[])[]
  ): Promise<ReadonlyMap<number, Tensor>> => {
    const [first, ...others] = calls
    const same = inputs.flatMap((_, k) =>
      k >= kept && others.length > 0 && others.every((values) => values[k]!.data === first![k]!.data)
        ? [k]
        : []
    )
    if (same.length === 0) return new Map()
    const copy = copyOf(same.map((k) => inputs[k]!))
    const session = await sessionOf(`inputs ${same.join()}`, () =>
      load(
        copy,
        copy.outputs.map(({ name }) => name)
      )
    )
    const there = await runWith(
      session,
      copy.inputs,
      same.map((k) => tensorOf(Tensor, first![k]!))
    )
    return new Map(same.map((k, i) => [k, there[copy.outputs[i]!.name]!]))
  }

  return async (kept: number, calls: readonly (readonly NdArray[])[]): Promise<ResidentResults> => {
    const names = outputs.slice(0, kept).map(({ name }) => name)
    const stay = calls.length > 1 ? await sessionOf(`state ${kept}`, () => load(model, names)) : plain
    const fixed = await upload(kept, calls)
    let state: readonly Tensor[] = []
    try {
      state = calls[0]!.slice(0, kept).map((value) => tensorOf(Tensor, value))
      const each: (readonly NdArray[])[] = []
      for (const [i, values] of calls.entries()) {
        const session = i === calls.length - 1 ? plain : stay
        const given = values.map((value, k) => state[k] ?? fixed.get(k) ?? tensorOf(Tensor, value))
        const results = await runWith(session, inputs, given)
        free(state)
        state = names.map((name) => results[name]!)
        each.push(outputs.slice(kept).map((output) => readResult(results, output)))
      }
      return {
        last: outputs.slice(0, kept).map((output, k) => readResult({ [output.name]: state[k]! }, output)),
        each
      }
    } finally {
      free([...state, ...fixed.values()])
    }
  }
}
