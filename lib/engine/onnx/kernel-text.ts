import type { ScalarCode } from '../../../kernels/kernel.js'
import { fail } from '../../core/error.js'
import type { Builder, OnnxValue } from './builder.js'
import { broadcast, expanded, reshaped } from './views.js'

const token = /\s*(Math\.\w+|[A-Za-z_]\w*|\d[\d.]*(?:e[+-]?\d+)?|===|>=|<=|[-+*/()<>?:,])/iy

const tokensOf = (text: string): readonly string[] => {
  const tokens: string[] = []
  token.lastIndex = 0
  for (let at = 0; at < text.trimEnd().length; at = token.lastIndex) {
    const found = token.exec(text)
    if (found === null) return fail('EngineError', 'onnx.load', 'text of a kernel', text.slice(at))
    tokens.push(found[1]!)
  }
  return tokens
}

/** The operators of kernel text and ONNX's, those that bind least first. */
const infix: readonly Readonly<Record<string, string>>[] = [
  { '===': 'Equal', '<': 'Less', '>': 'Greater', '<=': 'LessOrEqual', '>=': 'GreaterOrEqual' },
  { '+': 'Add', '-': 'Sub' },
  { '*': 'Mul', '/': 'Div' }
]

const bools: Readonly<Record<string, true>> = Object.fromEntries(
  Object.values(infix[0]!).map((op) => [op, true as const])
)

const functions: Readonly<Record<string, string>> = {
  'Math.max': 'Max',
  'Math.min': 'Min',
  'Math.abs': 'Abs',
  'Math.floor': 'Floor',
  'Math.sqrt': 'Sqrt',
  'Math.log': 'Log',
  'Math.exp': 'Exp',
  'Math.pow': 'Pow'
}

/** Emits the operators of one expression, given the values of its names. */
const emitText = (build: Builder, text: string, valueOf: (name: string) => OnnxValue): OnnxValue => {
  const tokens = tokensOf(text)
  let at = 0
  const accept = (wanted: string): boolean => tokens[at] === wanted && ++at > 0
  const emit = (op: string, ...args: readonly OnnxValue[]): OnnxValue => {
    const rank = Math.max(...args.map(({ dims }) => dims.length))
    const operands = args.map((arg) => {
      const number = build.uniform(arg)
      return number === undefined || arg.dims.length === rank ? arg : build.number(number, rank)
    })
    const dims = broadcast(operands)
    // ONNX Runtime 1.30: Pow of one number by several, a multiple of 4, fails in a look-up
    const whole = op === 'Pow' ? operands.map((operand) => expanded(build, operand, dims)) : operands
    return build.emit(op, whole, dims, {}, op in bools ? 'bool' : 'float')
  }
  const primary = (): OnnxValue => {
    const next = tokens[at++] ?? ''
    if (next === '(') {
      const inner = choice()
      accept(')')
      return inner
    }
    if (next === '-') return negated(primary())
    if (/^\d/.test(next)) return build.number(Math.fround(Number(next)))
    const op = functions[next]
    if (op === undefined) return valueOf(next)
    accept('(')
    const args = [choice()]
    while (accept(',')) args.push(choice())
    accept(')')
    return emit(op, ...args)
  }
  const negated = (value: OnnxValue): OnnxValue => {
    const number = build.uniform(value)
    return number === undefined ? emit('Neg', value) : build.number(-number)
  }
  const operation = (level: number): OnnxValue => {
    const operators = infix[level]
    if (operators === undefined) return primary()
    let left = operation(level + 1)
    for (let op = operators[tokens[at] ?? '']; op !== undefined; op = operators[tokens[at] ?? '']) {
      at++
      left = emit(op, left, operation(level + 1))
    }
    return left
  }
  const choice = (): OnnxValue => {
    const condition = operation(0)
    if (!accept('?')) return condition
    const yes = choice()
    accept(':')
    return emit('Where', condition, yes, choice())
  }
  return choice()
}

/**
 * Lowers a function of `kernels/elementary.ts` by its text, operator by operator: so ONNX Runtime's WebGPU, whose own
 * functions are as rough as WGSL grants, computes what the kernels of gpu.js do.
 */
export const lowerText =
  (code: ScalarCode) =>
  (build: Builder, args: readonly OnnxValue[]): OnnxValue => {
    const names = new Map<string, OnnxValue>()
    const nameOf = (value: OnnxValue): string => {
      const name = `v${names.size}`
      names.set(name, value)
      return name
    }
    const valueOf = (text: string): OnnxValue => emitText(build, text, (name) => names.get(name)!)
    const operands = args.map((arg) => {
      const number = build.uniform(arg)
      return number === undefined || !Number.isFinite(number) ? nameOf(arg) : `(${number})`
    })
    const result = valueOf(code(operands, (text) => nameOf(valueOf(text))))
    return reshaped(build, result, broadcast(args))
  }
