import { fail, showValue } from '../../core/error.js'
import { leafNames } from '../../core/tree.js'
import type { OnnxModel, OnnxValue } from './builder.js'

const operation = 'exportOnnx'

/** The names of what a file takes and gives, its constants among the former. */
interface PortNames {
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
}

/**
 * The same model with other names of values. A value inside it that has one of these names by chance gets another.
 */
export const renamed = (model: OnnxModel, names: ReadonlyMap<string, string>): OnnxModel => {
  const taken = new Set(names.values())
  const free = (name: string): string => (taken.has(name) ? free(`${name}'`) : name)
  const nameOf = (name: string): string => names.get(name) ?? free(name)
  const value = (one: OnnxValue): OnnxValue => ({ ...one, name: nameOf(one.name) })
  return {
    inputs: model.inputs.map(value),
    outputs: model.outputs.map(value),
    nodes: model.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(value),
      outputs: node.outputs.map(value)
    })),
    initializers: model.initializers.map((one) => ({ ...one, name: nameOf(one.name) }))
  }
}

/** A text as a file holds it in UTF-8: half a surrogate pair has no place there. */
const wellFormed = (text: string): string => new TextDecoder().decode(new TextEncoder().encode(text))

/** Requires names that a runtime takes as they are. */
const requireUncut = (names: readonly string[]): readonly string[] => {
  const cut = names.find((name) => name.includes('\0'))
  return cut === undefined
    ? names
    : fail(
        'TreeError',
        operation,
        'names without the character 0, where runtimes end them',
        'one with it',
        cut
      )
}

/** Names of inputs or outputs by the paths of their leaves, `0.2.w` for `[0][2].w`. */
export const portNames = (paths: readonly string[]): readonly string[] =>
  requireUncut(leafNames(operation, paths.map(wellFormed)))

/** The names of a list that are given, checked, or else those by their places. */
const chosen = (
  where: string,
  names: readonly unknown[] | undefined,
  places: readonly string[]
): readonly string[] => {
  if (names === undefined) return places
  if (names.length !== places.length)
    return fail(
      'ArgumentError',
      operation,
      `${places.length} names, for ${places.join(', ')}`,
      `${names.length}`,
      where
    )
  return requireUncut(
    names.map((name, i) =>
      typeof name === 'string' && name !== ''
        ? wellFormed(name)
        : fail('ArgumentError', operation, 'names that are texts', showValue(name), `${where}, ${i}`)
    )
  )
}

/** Puts the names that are given in the place of those of a file's inputs and outputs; constants keep theirs. */
export const chosenNames = (
  { inputs, outputs }: PortNames,
  isInput: (_: unknown, place: number) => boolean,
  given: { readonly inputNames?: readonly string[]; readonly outputNames?: readonly string[] }
): PortNames => {
  const taken = chosen('inputNames', given.inputNames, inputs.filter(isInput))
  let next = 0
  const all = {
    inputs: inputs.map((name, place) => (isInput(name, place) ? taken[next++]! : name)),
    outputs: chosen('outputNames', given.outputNames, outputs)
  }
  const seen = new Set<string>()
  for (const name of [...all.inputs, ...all.outputs])
    if (seen.has(name))
      fail('TreeError', operation, 'another name for every input, output and constant', 'two', name)
    else seen.add(name)
  return all
}
