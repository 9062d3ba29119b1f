import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { leftWith, type TangentError } from '../core/error.js'
import { engineChoices } from '../engine/engine-choice.js'
import * as codec from '../format/codec.js'
import { decode } from '../format/codec.js'
import { expectOneOf } from '../core/nearest.js'

/** What `--help` says of an option: its value (none for a switch), what it does, and its default. */
export type OptionHelp = readonly [value: string, says: string, fallback?: string]

/** A command: how it is called, and what its help says of each option. */
interface Called {
  readonly operation: string
  /** Words that are no options: at most so many, and what they are. */
  readonly words: readonly [most: number, what: string]
  readonly help: Readonly<Record<string, OptionHelp>>
}

/** A command with the codec of its options. */
export interface Command<A> extends Called {
  readonly options: t.Decoder<unknown, A>
}

/** What a command was called with. */
export interface Request<A> {
  readonly options: A
  readonly words: readonly string[]
  /** The options as they were given, in the order of the help. */
  readonly given: readonly (readonly [name: string, text: string])[]
}

/** The switches of every command; `program` acts on them. */
const general: Called['help'] = {
  json: ['', 'one JSON object on stdout instead of text'],
  quiet: ['', 'no progress on stderr'],
  version: ['', 'the version of tangentflow'],
  help: ['', 'this']
}

/** A line of the help for each option. */
export const optionLines = ({ help }: Called): readonly string[] =>
  Object.entries({ ...help, ...general }).map(([name, [value, says, fallback]]) => {
    const option = value === '' ? `--${name}` : `--${name} <${value}>`
    return `  ${option.padEnd(24)}${says}${fallback === undefined ? '' : ` (${fallback})`}`
  })

type Pairs = ReadonlyMap<string, string>

/** `--name value`, `--name=value` and words, in any order; the last one of a name counts. */
const pairsOf = (
  { operation, words: [most, what], help: own }: Called,
  args: readonly string[]
): E.Either<TangentError, { readonly pairs: Pairs; readonly words: readonly string[] }> => {
  const refuse = leftWith('ConfigError', operation)
  const help = { ...own, ...general }
  const pairs = new Map<string, string>()
  const words: string[] = []
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!
    const [isOption, name = '', inline] = /^--([^=]*)(?:=(.*))?$/s.exec(arg) ?? []
    if (isOption === undefined && words.length < most) {
      words.push(arg)
      continue
    }
    const about = Object.hasOwn(help, name) ? help[name] : undefined
    if (isOption === undefined || about === undefined)
      return refuse(
        expectOneOf(
          `${most === 0 ? '' : `${what}, or `}an option`,
          Object.keys(help).map((known) => `--${known}`),
          isOption === undefined ? arg : `--${name}`
        ),
        JSON.stringify(arg)
      )
    const [value, says] = about
    if (value === '' && inline !== undefined) return refuse('no value', JSON.stringify(inline), `--${name}`)
    const text = value === '' ? 'true' : (inline ?? args[++i])
    if (text === undefined || (inline === undefined && text.startsWith('--')))
      return refuse(`<${value}>: ${says}`, text === undefined ? 'nothing' : JSON.stringify(text), `--${name}`)
    pairs.set(name, text)
  }
  return E.right({ pairs, words })
}

/** What a person asked a command for: its help, or what it was called with. */
export const readRequest = <A>(
  command: Command<A>,
  args: readonly string[]
): E.Either<TangentError, 'help' | Request<A>> =>
  args.some((arg) => arg === '--help' || arg === '-h')
    ? E.right('help')
    : pipe(
        pairsOf(command, args),
        E.flatMap(({ pairs, words }) =>
          pipe(
            decode(command.operation, command.options)(Object.fromEntries(pairs)),
            E.bimap(
              (error) => ({ ...error, where: `--${error.where ?? ''}` }),
              (options) => ({
                options,
                words,
                given: Object.keys(command.help).flatMap((name) => {
                  const text = pairs.get(name)
                  return text === undefined ? [] : [[name, text] as const]
                })
              })
            )
          )
        )
      )

/** Text that is not empty. */
export const path = t.refinement(t.string, (text) => text.trim() !== '', 'a folder')

/** How many processes there are to be; more than 1,024 are a mistake. */
export const processes = codec.fromText(codec.whole(1, 1024))

/** The options of every command that computes. */
export const computing = {
  options: {
    engine: codec.oneOf(engineChoices),
    threads: codec.fromText(codec.whole(1)),
    jobs: processes,
    out: path
  },
  help: {
    engine: ['name', engineChoices.join(', '), 'auto'],
    threads: ['n', 'threads of the engine', '1'],
    jobs: ['n', 'runs at once, each in a process and with an engine of its own', 'cores ÷ threads']
  } satisfies Called['help']
}

/** Options that say where and beside what results are computed, and change nothing in them. */
const ELSEWHERE: ReadonlySet<string> = new Set(['out', 'experiment', 'jobs', 'queue', 'store'])

/**
 * The command that gives the same results again, anywhere: folders are others on every machine, and defaults need no
 * word.
 */
export const commandOf = (words: string, { help }: Called, given: Request<unknown>['given']): string =>
  [
    words,
    ...given.flatMap(([name, text]) =>
      ELSEWHERE.has(name) || help[name]?.[2] === text ? [] : [`--${name} ${name === 'data' ? 'DIR' : text}`]
    )
  ].join(' ')
