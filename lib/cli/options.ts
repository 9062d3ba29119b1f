import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { tangentError, type TangentError } from '../core/error.js'
import { engineNames } from '../engine/engine.js'
import * as codec from '../format/codec.js'
import { decode } from '../format/decode.js'
import { defaults } from './setting.js'

const engines = ['auto', ...engineNames] as const

/** All options, each a codec of the text that follows its name. */
const Options = t.type({
  seed: codec.fromText(codec.whole(0)),
  seeds: codec.fromText(codec.whole(1)),
  density: codec.fromText(codec.share),
  epsilon: codec.fromText(codec.atLeast(0)),
  epochs: codec.fromText(codec.whole(1)),
  'search-steps': codec.fromText(codec.whole(1)),
  'output-weight': codec.fromText(codec.atLeast(0)),
  engine: codec.oneOf(engines),
  threads: codec.fromText(codec.whole(1)),
  out: t.refinement(t.string, (path) => path.trim() !== '', 'a folder')
})
export type Options = t.TypeOf<typeof Options>

type Name = keyof Options

const help: { readonly [N in Name]: readonly [value: string, says: string, fallback: string] } = {
  seed: ['n', 'the first seed', '0'],
  seeds: ['n', 'how many seeds, counted up from the first', '1'],
  density: ['share', 'share of the weights that every mask keeps, in (0, 1]', String(defaults.density)],
  epsilon: ['radius', 'L∞ radius of the attacks, at least 0; pixels are in [0, 1]', String(defaults.epsilon)],
  epochs: ['n', 'epochs of every training', String(defaults.epochs)],
  'search-steps': ['n', 'steps of the search for the ticket', String(defaults.searchSteps)],
  'output-weight': [
    'c',
    'weight of the output term of the search, at least 0',
    String(defaults.outputWeight)
  ],
  engine: ['name', engines.join(', '), 'auto'],
  threads: ['n', 'threads of the engine', '1'],
  out: ['folder', 'where the run is written: new, empty, or of an unfinished run', 'runs/<time>']
}

const names = Object.keys(help) as readonly Name[]
const isName = (name: string): name is Name => names.some((known) => known === name)

/** What `--help` prints. */
export const usage = [
  'Find an adversarial winning ticket on handwritten digits and set it beside other masks.',
  '',
  'npm start -- [options]',
  'npm start -- data --help        data sets: check what is there, fetch what is not',
  'npm start -- experiment --help  train and attack as a JSON file says',
  '',
  ...names.map((name) => {
    const [value, says, fallback] = help[name]
    return `  ${`--${name} <${value}>`.padEnd(24)}${says} (${fallback})`
  }),
  `  ${'--help'.padEnd(24)}this`,
  '',
  'Progress goes to stderr and the table to stdout. The folder gets config.json, metrics.jsonl, result.json and',
  'report.html, which opens without a network.'
].join('\n')

const refuse = (expected: string, received: string, where?: string): E.Either<TangentError, never> =>
  E.left(tangentError('ConfigError', 'npm start', expected, received, where))

/** `--name value` and `--name=value`, the last one of a name counts. */
const pairsOf = (
  args: readonly string[],
  pairs: ReadonlyMap<Name, string> = new Map()
): E.Either<TangentError, ReadonlyMap<Name, string>> => {
  const [first, ...rest] = args
  if (first === undefined) return E.right(pairs)
  const [, name = '', inline] = /^--([^=]*)(?:=(.*))?$/s.exec(first) ?? []
  if (!isName(name)) return refuse(`an option: --${names.join(', --')}, --help`, JSON.stringify(first))
  const value = inline ?? rest[0]
  const after = inline === undefined ? rest.slice(1) : rest
  return value === undefined || (inline === undefined && value.startsWith('--'))
    ? refuse(
        `<${help[name][0]}>: ${help[name][1]}`,
        value === undefined ? 'nothing' : JSON.stringify(value),
        `--${name}`
      )
    : pairsOf(after, new Map([...pairs, [name, value]]))
}

/** What a person asked for: `--help`, or a run. `now` names the folder of a run that names none. */
export const readOptions = (args: readonly string[], now: Date): E.Either<TangentError, 'help' | Options> =>
  args.some((arg) => arg === '--help' || arg === '-h')
    ? E.right('help')
    : pipe(
        pairsOf(args),
        E.map((pairs) => ({
          ...Object.fromEntries(names.map((name) => [name, help[name][2]])),
          out: `runs/${now.toISOString().slice(0, 19).replaceAll(':', '-')}`,
          ...Object.fromEntries(pairs)
        })),
        E.flatMap((texts) =>
          pipe(
            texts,
            decode('npm start', Options),
            E.mapLeft((error) => ({ ...error, where: `--${error.where ?? ''}` }))
          )
        )
      )
