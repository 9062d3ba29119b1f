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

/** What the last call of a function promises: errors as values, or a value, and then its errors are thrown. */
export type Promised = 'Either' | 'IOEither' | 'TaskEither' | 'ReaderTaskEither' | 'Value'

/** A public function: the parameters of each of its calls, and what the last one gives. */
export interface Signature {
  readonly name: string
  readonly stages: readonly (readonly Shape[])[]
  readonly promised: Promised
}

/** A call in which one argument, or all, are not there. */
export interface Absence {
  /** The number of the signature, and that of its call. */
  readonly signature: number
  readonly stage: number
  readonly place: number | 'all'
  readonly value: 'null' | 'undefined'
}

/** Every way to leave out an argument of every call. */
export const absencesOf = (signatures: readonly Signature[]): readonly Absence[] =>
  signatures.flatMap(({ stages }, signature) =>
    stages.flatMap((parameters, stage): readonly Absence[] => [
      { signature, stage, place: 'all', value: 'undefined' },
      ...parameters.flatMap((_, place) =>
        (['null', 'undefined'] as const).map((value) => ({ signature, stage, place, value }))
      )
    ])
  )

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

/** The calls that lead to a promise, or to a value that cannot be called; undefined where there are none. */
const stagesOf = (
  checker: ts.TypeChecker,
  type: ts.Type,
  stages: Signature['stages'] = []
): Pick<Signature, 'stages' | 'promised'> | undefined => {
  const name = nameOf(type)
  if (stages.length > 0 && name !== undefined && promises.has(name))
    return { stages, promised: name === 'Effect' ? 'ReaderTaskEither' : (name as Promised) }
  const call = type.getCallSignatures()[0]
  if (call === undefined || stages.length > DEEPEST)
    return stages.length > 0 ? { stages, promised: 'Value' } : undefined
  const parameters = call.getParameters().map((parameter) => {
    const declared = checker.getTypeOfSymbol(parameter)
    return shapeOf(checker, declared, 0)
  })
  return stagesOf(checker, call.getReturnType(), [...stages, parameters])
}

/** Whether something is declared by a library of others: a method of lists, say. */
const isForeign = (declaration: ts.Declaration): boolean =>
  declaration.getSourceFile().fileName.includes('node_modules')

/** Every public function of these entry files. */
export const signaturesOf = (entries: Readonly<Record<string, string>>): readonly Signature[] => {
  const { config } = ts.readConfigFile('tsconfig.json', (path) => ts.sys.readFile(path)) as { config: object }
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, '.')
  const program = ts.createProgram(Object.values(entries), options)
  const checker = program.getTypeChecker()
  const found: Signature[] = []
  /** A function, or the functions of a record of them, as `ops` and `format.npy` are. */
  const add = (name: string, type: ts.Type, depth = 0): void => {
    const staged = stagesOf(checker, type)
    if (staged !== undefined) found.push({ name, ...staged })
    else if (depth < 2)
      for (const field of type.getProperties())
        if (!(field.declarations ?? []).some(isForeign))
          add(`${name}.${field.name}`, checker.getTypeOfSymbol(field), depth + 1)
  }
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
    add(name, checker.getTypeOfSymbol(target))
  }
  for (const [prefix, path] of Object.entries(entries)) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(path)!)!
    checker.getExportsOfModule(module).forEach((symbol) => {
      visit(prefix, symbol)
    })
  }
  return found
}
