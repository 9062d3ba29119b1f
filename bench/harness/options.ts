import * as E from 'fp-ts/lib/Either.js'
import { parseArgs } from 'node:util'
import { tangentError, type TangentError } from '../../lib/index.js'

/** What is measured: whole steps, single kernels, both on a GPU, or the costs by which kernels are chosen. */
export const suites = ['steps', 'kernels', 'gpu', 'costs'] as const
export type Suite = (typeof suites)[number]

/** The backends of gpu.js that Node may have; what cannot be opened is named and left out. */
export const nodeBackends = ['webasm', 'cpu', 'webgpu', 'headlessgl'] as const
export type NodeBackend = (typeof nodeBackends)[number]

export interface Options {
  readonly suite: Suite
  /** Cases to run; all when empty. A part of the name is enough but in the suite of steps. */
  readonly only: readonly string[]
  /** Parts of candidates' names; all candidates when empty. */
  readonly candidates: readonly string[]
  readonly threads: readonly number[]
  readonly backends: readonly NodeBackend[]
  /** Widths of the layers and matrices that are measured on a GPU; those for its adapter when empty. */
  readonly widths: readonly number[]
  /** Seconds that a row of a GPU may take; those for its adapter when undefined. */
  readonly limit: number | undefined
  /** Whether GPUs are given the rows that take a software adapter very long. */
  readonly large: boolean
  /** A file whose function is measured instead of the suite's cases. */
  readonly file: string | undefined
  readonly json: string | undefined
  /** A file of earlier results, which are shown instead of measuring. */
  readonly from: string | undefined
  /** Where the page that `docs/` has of the kernels is written. */
  readonly page: string | undefined
  readonly quick: boolean
  readonly list: boolean
  readonly help: boolean
}

export const usage = `npm run bench -- [options]

  --suite kernels     single kernels on every backend (default: steps, whole training and search steps)
  --suite gpu         steps by width, kernels and PyTorch on this machine's GPU
  --suite costs       the table of kernels/variants.ts, measured anew on --backends
  --only a,b          run these cases (default: all); of kernels and GPUs a part of the name is enough
  --case FILE         measure the function of a file instead
  --candidates a,b    run only candidates whose name contains one of these
  --backends a,b      of kernels: only these backends of gpu.js (default: ${nodeBackends.join(',')})
  --threads 1,2       thread counts to ask for (default: 1,2); kernels are measured with one
  --widths 512,1024   of GPUs: widths of layers and matrices (default: 512 to 8192; 32,64 in software)
  --limit 60          of GPUs: seconds after which a row is given up (default: 60; 30 in software)
  --large             of kernels: the large ones also on GPUs
  --quick             a tenth of the samples: does it run at all?
  --json out.json     also write everything that was measured
  --page out.md       of kernels: also write the page made of the results
  --from out.json     make the page from earlier results, and measure nothing
  --list              name the cases and stop
  --help              this text`

const refuse = (expected: string, received: string, where: string): E.Either<TangentError, never> =>
  E.left(tangentError('ConfigError', 'bench', expected, received, where))

const listOf = (text: string | undefined): readonly string[] =>
  text === undefined ? [] : text.split(',').map((item) => item.trim())

const parse = (args: readonly string[]) =>
  E.tryCatch(
    () =>
      parseArgs({
        args: [...args],
        options: {
          suite: { type: 'string', default: 'steps' },
          only: { type: 'string' },
          case: { type: 'string' },
          candidates: { type: 'string' },
          backends: { type: 'string', default: nodeBackends.join(',') },
          threads: { type: 'string', default: '1,2' },
          widths: { type: 'string' },
          limit: { type: 'string' },
          large: { type: 'boolean', default: false },
          json: { type: 'string' },
          page: { type: 'string' },
          from: { type: 'string' },
          quick: { type: 'boolean', default: false },
          list: { type: 'boolean', default: false },
          help: { type: 'boolean', default: false }
        }
      }).values,
    (thrown) =>
      tangentError(
        'ConfigError',
        'bench',
        'options that --help names',
        thrown instanceof Error ? thrown.message : String(thrown)
      )
  )

const isOneOf =
  <T extends string>(names: readonly T[]) =>
  (text: string): text is T =>
    (names as readonly string[]).includes(text)

/** Reads the command line; `known` are the names of the cases of each suite. */
export const parseOptions = (
  args: readonly string[],
  known: { readonly [S in Suite]: readonly string[] }
): E.Either<TangentError, Options> => {
  const parsed = parse(args)
  if (E.isLeft(parsed)) return parsed
  const { suite, json, page, from, case: file, large, quick, list, help, ...texts } = parsed.right
  if (!isOneOf(suites)(suite)) return refuse(`one of ${suites.join(', ')}`, suite, '--suite')
  const only = listOf(texts.only)
  // A case of a width is known by its name without one too, for widths depend on the adapter.
  const isKnown = (part: string): boolean =>
    suite === 'steps'
      ? known.steps.includes(part)
      : part !== '' && known[suite].some((name) => name.includes(part) || name === part.replace(/ \d+$/, ''))
  const stranger = only.find((name) => !isKnown(name))
  if (stranger !== undefined) return refuse(`one of ${known[suite].join(', ')}`, stranger, '--only')
  const candidates = listOf(texts.candidates)
  if (candidates.includes('')) return refuse('names', 'an empty one', '--candidates')
  const threads = listOf(texts.threads).map((text) => (/^[1-9][0-9]{0,2}$/.test(text) ? Number(text) : NaN))
  if (threads.some(Number.isNaN)) return refuse('whole numbers from 1 to 999', texts.threads, '--threads')
  const widths = listOf(texts.widths).map((text) => (/^[1-9][0-9]{0,4}$/.test(text) ? Number(text) : NaN))
  if (widths.some(Number.isNaN))
    return refuse('whole numbers from 1 to 99999', texts.widths ?? '', '--widths')
  if (texts.limit !== undefined && !/^[1-9][0-9]{0,3}$/.test(texts.limit))
    return refuse('whole seconds from 1 to 9999', texts.limit, '--limit')
  const backends = listOf(texts.backends)
  if (!backends.every(isOneOf(nodeBackends)))
    return refuse(`some of ${nodeBackends.join(', ')}`, texts.backends, '--backends')
  const files = { '--json': json, '--page': page, '--from': from, '--case': file }
  const empty = Object.entries(files).find(([, name]) => name === '')
  if (empty !== undefined) return refuse('a file name', 'nothing', empty[0])
  return E.right({
    suite,
    only,
    candidates,
    threads: [...new Set(threads)],
    backends,
    widths,
    limit: texts.limit === undefined ? undefined : Number(texts.limit),
    large,
    file,
    json,
    from,
    page,
    quick,
    list,
    help
  })
}
