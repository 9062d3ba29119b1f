import { ops, type Tensor } from 'tangentflow'

const TOKEN = /\s*(?:(\d+\.?\d*(?:e-?\d+)?|\.\d+)|'([^']*)'|([A-Za-z_]\w*)|(.))/gy

interface Token {
  readonly text: string
  readonly kind: 'number' | 'text' | 'name' | 'sign'
}

const tokensOf = (expression: string): readonly Token[] =>
  [...expression.trim().matchAll(TOKEN)].map(([, number, text, name, sign]) =>
    number !== undefined
      ? { kind: 'number', text: number }
      : text !== undefined
        ? { kind: 'text', text }
        : name !== undefined
          ? { kind: 'name', text: name }
          : { kind: 'sign', text: sign ?? '' }
  )

const refuse = (expected: string, received: string): never => {
  throw new Error(`the expression: expected ${expected}, received ${received}`)
}

/** Reads and computes in one pass: there is nothing in the language but calls, numbers, texts, lists, `x` and `ops`. */
const valueOf = (tokens: readonly Token[], x: Tensor): unknown => {
  let at = 0
  const show = (): string => {
    const token = tokens[at]
    return token === undefined ? 'its end' : `‘${token.text}’`
  }
  const isSign = (sign: string): boolean => {
    const token = tokens[at]
    return token?.kind === 'sign' && token.text === sign
  }
  const take = (sign: string): void => {
    if (!isSign(sign)) refuse(sign, show())
    at++
  }
  const list = (close: string): readonly unknown[] => {
    const values: unknown[] = []
    while (!isSign(close)) {
      if (values.length > 0) take(',')
      values.push(call())
    }
    take(close)
    return values
  }
  const operation = (): unknown => {
    take('.')
    const name = tokens[at]?.text ?? ''
    const found = Object.entries(ops).find(([each]) => each === name)
    if (found === undefined) return refuse('the name of an operation', show())
    at++
    return found[1]
  }
  const term = (): unknown => {
    const token = tokens[at]
    if (token === undefined) return refuse('a value', show())
    at++
    if (token.kind === 'number') return Number(token.text)
    if (token.kind === 'text') return token.text
    if (token.text === '-') return -Number(term())
    if (token.text === '[') return list(']')
    if (token.text === 'x') return x
    if (token.text === 'ops') return operation()
    at--
    return refuse('x, ops, a number or a list', show())
  }
  const call = (): unknown => {
    let value = term()
    while (isSign('(')) {
      at++
      const args = list(')')
      value =
        typeof value === 'function'
          ? (Reflect.apply(value, undefined, args) as unknown)
          : refuse('an operation before (', 'a value')
    }
    return value
  }
  const value = call()
  return at < tokens.length ? refuse('one value', show()) : value
}

const isTensor = (value: unknown): value is Tensor =>
  typeof value === 'object' && value !== null && '_tag' in value && value._tag === 'Tensor'

/**
 * The function of `x` that an expression in `ops` says, such as `ops.sum()(ops.sin(x))`. It is read here and not by the browser: an
 * address can hold an expression, and opening one must not run whatever someone put into it.
 */
export const functionOf =
  (expression: string) =>
  (x: Tensor): Tensor => {
    const value = valueOf(tokensOf(expression), x)
    return isTensor(value) ? value : refuse('a tensor', typeof value)
  }
