import { highest, keyOf, lowest } from './coordinate.js'
import { indexText, withinText } from './index-text.js'
import { choice } from './choice.js'
import { literalFor } from './literal.js'
import { comparisons, scalarCode, type ScalarName } from './scalar.js'
import type { Scope } from './scope.js'
import { AFTER, levels, type Value } from './value.js'

type ValueOf<K extends Value['kind']> = Extract<Value, { kind: K }>

/** Functions that gpu.js types alike under a name and within an expression. */
const arithmetic: ReadonlySet<ScalarName> = new Set<ScalarName>([
  'add',
  'sub',
  'mul',
  'div',
  'max',
  'min',
  'neg'
])

/** The name or literal that holds a value in a scope: each value becomes a local at the shallowest loop where it is known. */
export const valueText = (scope: Scope): ((value: Value) => string) => {
  const { backend, integer, number, once, operand } = scope
  const { index, position } = indexText(scope)
  const level = levels()

  const load = ({ array, at, component }: ValueOf<'load'>, place: number): string => {
    const name = once(`${array} at ${keyOf(at)}`, place, () => {
      scope.load(place)
      const element = `${scope.argument(array)}[${position(at)}]`
      // within a loop reads keep their order, which WebAssembly's compiler keeps in turn: products are 5 % slower in another
      return component === undefined && (place === 0 || place === AFTER)
        ? operand('number', element, place)
        : number(element, place)
    })
    return component === undefined ? name : `${name}[${component}]`
  }

  const within = ({ at, size, ...value }: ValueOf<'within'>, place: number): string => {
    const inside = of(value.inside)
    const outside = of(value.outside)
    if (highest(at) < 0 || lowest(at) >= size) return outside
    if (lowest(at) >= 0 && highest(at) < size) return inside
    const keep = (part: string): string => number(part, place)
    return number(withinText(at, integer(index(at), place), size, inside, outside, keep), place)
  }

  const applied = ({ fn, args }: ValueOf<'apply'>, place: number): string => {
    scope.work(1, place)
    const [condition, yes, no] = args
    const keep = (part: string): string => number(part, place)
    if (fn === 'select' && condition!.kind === 'apply') {
      const operator = comparisons[condition!.fn]
      if (operator !== undefined) {
        const [a, b] = condition!.args.map(of)
        return number(choice(`${a!} ${operator} ${b!}`, of(yes!), of(no!), keep), place)
      }
    }
    const result = scalarCode(backend, fn)(args.map(of), keep)
    return arithmetic.has(fn) ? operand('number', result, place) : number(result, place)
  }

  const text = (value: Value, place: number): string => {
    switch (value.kind) {
      case 'literal':
        return literalFor(backend, value.value)
      case 'result':
        return 'acc'
      case 'load':
        return load(value, place)
      case 'position':
        return number(index(value.at), place)
      case 'within':
        return within(value, place)
      case 'apply':
        return applied(value, place)
    }
  }

  const of = (value: Value): string => {
    const place = level(value)
    return once(value, place, () => text(value, place))
  }
  return of
}
