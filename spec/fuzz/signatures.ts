import ts from 'typescript'

/** What a value of a type looks like, as far as wrong calls need it. */
export type Shape =
  | { readonly kind: 'number' | 'text' | 'boolean' | 'function' | 'any' }
  | { readonly kind: 'literal'; readonly value: string | number | boolean }
  | { readonly kind: 'union'; readonly of: readonly Shape[] }
  | { readonly kind: 'list'; readonly of: Shape }
  | { readonly kind: 'tuple'; readonly of: readonly Shape[] }
  | { readonly kind: 'record'; readonly fields: Readonly<Record<string, Shape>> }
  /** A type that only the library makes: `NdArray`, `HostKey`. */
  | { readonly kind: 'made'; readonly name: string }

/** What the last call of a function promises. */
export type Promised = 'Either' | 'IOEither' | 'TaskEither' | 'ReaderTaskEither'

/** A public function that promises errors as values: the parameters of each of its calls, and what the last one gives. */
export interface Signature {
  readonly name: string
  readonly stages: readonly (readonly Shape[])[]
  readonly promised: Promised
}

const promises: ReadonlySet<string> = new Set([
  'Either',
  'IOEither',
  'TaskEither',
  'ReaderTaskEither',
  'Effect'
])
const made: ReadonlySet<string> = new Set([
  'NdArray',
  'Tensor',
  'HostKey',
  'Key',
  'Runner',
  'Engine',
  'Store',
  'Network',
  'Layer',
  'Uint8Array',
  'Float32Array',
  'Redis',
  'Queue'
])
const DEEPEST = 4

const nameOf = (type: ts.Type): string | undefined =>
  type.aliasSymbol?.name ?? (type.symbol as ts.Symbol | undefined)?.name

const shapeOf = (checker: ts.TypeChecker, type: ts.Type, depth: number): Shape => {
  const again = (inner: ts.Type): Shape => shapeOf(checker, inner, depth + 1)
  const name = nameOf(type)
  if (name !== undefined && made.has(name)) return { kind: 'made', name }
  if (depth > DEEPEST) return { kind: 'any' }
  if (type.isStringLiteral() || type.isNumberLiteral()) return { kind: 'literal', value: type.value }
  if (type.flags & ts.TypeFlags.BooleanLike) return { kind: 'boolean' }
  if (type.flags & ts.TypeFlags.NumberLike) return { kind: 'number' }
  if (type.flags & ts.TypeFlags.StringLike) return { kind: 'text' }
  if (type.isUnion()) {
    const of = type.types.filter(({ flags }) => !(flags & ts.TypeFlags.Undefined)).map(again)
    return of.length === 0 ? { kind: 'any' } : { kind: 'union', of }
  }
  if (type.flags & ts.TypeFlags.TypeParameter) {
    const bound = type.getConstraint()
    return bound === undefined ? { kind: 'any' } : again(bound)
  }
  if (checker.isTupleType(type))
    return { kind: 'tuple', of: checker.getTypeArguments(type as ts.TypeReference).map(again) }
  if (checker.isArrayType(type))
    return { kind: 'list', of: again(checker.getTypeArguments(type as ts.TypeReference)[0]!) }
  if (type.getCallSignatures().length > 0) return { kind: 'function' }
  const fields = type.getProperties()
  if (fields.length === 0) return { kind: 'any' }
  return {
    kind: 'record',
    fields: Object.fromEntries(fields.map((field) => [field.name, again(checker.getTypeOfSymbol(field))]))
  }
}

/** The calls that lead to a promise, or undefined where a function promises none. */
const stagesOf = (
  checker: ts.TypeChecker,
  type: ts.Type,
  stages: Signature['stages'] = []
): Pick<Signature, 'stages' | 'promised'> | undefined => {
  const name = nameOf(type)
  if (stages.length > 0 && name !== undefined && promises.has(name))
    return { stages, promised: name === 'Effect' ? 'ReaderTaskEither' : (name as Promised) }
  const call = type.getCallSignatures()[0]
  if (call === undefined || stages.length > DEEPEST) return undefined
  const parameters = call.getParameters().map((parameter) => {
    const declared = checker.getTypeOfSymbol(parameter)
    return shapeOf(checker, declared, 0)
  })
  return stagesOf(checker, call.getReturnType(), [...stages, parameters])
}

/** Every public function of these entry files that promises an Either, IOEither, TaskEither or ReaderTaskEither. */
export const signaturesOf = (entries: Readonly<Record<string, string>>): readonly Signature[] => {
  const { config } = ts.readConfigFile('tsconfig.json', (path) => ts.sys.readFile(path)) as { config: object }
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, '.')
  const program = ts.createProgram(Object.values(entries), options)
  const checker = program.getTypeChecker()
  const found: Signature[] = []
  const visit = (prefix: string, symbol: ts.Symbol): void => {
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
    const name = `${prefix}${symbol.name}`
    if (target.flags & ts.SymbolFlags.ValueModule) {
      checker.getExportsOfModule(target).forEach((inner) => {
        visit(`${name}.`, inner)
      })
      return
    }
    if (!(target.flags & (ts.SymbolFlags.Variable | ts.SymbolFlags.Function))) return
    const staged = stagesOf(checker, checker.getTypeOfSymbol(target))
    if (staged !== undefined) found.push({ name, ...staged })
  }
  for (const [prefix, path] of Object.entries(entries)) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(path)!)!
    checker.getExportsOfModule(module).forEach((symbol) => {
      visit(prefix, symbol)
    })
  }
  return found
}
