import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import * as codec from '../format/codec.js'
import { oneShotMethods } from '../mask/index.js'

// How an experiment says which weights are kept: a word, or a record that says more.

const radius = codec.atLeast(0)
const count = codec.whole(1)
const layers = codec.oneOf(['global', 'uniform', 'erk'])

const kinds = <N extends string>(name: N): t.Type<N, N> => codec.oneOf([name])

/** A name for tables and files, needed where a kind stands twice: letters, digits, spaces and `. = + - _`. */
const label = new t.Type<string, string>(
  'a name of letters, digits, spaces and . = + - _',
  (value): value is string => typeof value === 'string' && /^[\w .=+-]+$/.test(value),
  (value, context) =>
    typeof value === 'string' && /^[\w .=+-]+$/.test(value) ? t.success(value) : t.failure(value, context),
  t.identity
)

/** A score at initialisation; what is left out is as `mask.oneShot` has it, under the attack of the training. */
const scored = <N extends string>(name: N) =>
  codec.closed(
    { kind: kinds(name) },
    { name: label, layers, rounds: count, samples: count, batch: count, biases: t.boolean }
  )

/** The start of the scores of a search. */
const start = codec.oneOf(['kernelTrace', 'magnitude', 'snip', 'random'])

const Moving = codec.closed({ rate: radius }, { radius })

const scores = { steps: count, batch: count, rate: radius, layers }

const table = {
  dense: codec.closed({ kind: kinds('dense') }, { name: label }),
  random: scored('random'),
  magnitude: scored('magnitude'),
  snip: scored('snip'),
  grasp: scored('grasp'),
  synflow: scored('synflow'),
  kernelTrace: scored('kernelTrace'),
  /** `mask.search`; `along` has the steps of the dense network's training whose weights are matched as well. */
  ticket: codec.closed(
    { kind: kinds('ticket') },
    {
      name: label,
      ...scores,
      gamma: radius,
      c: radius,
      kernel: codec.oneOf(['probes', 'explicit']),
      mask: codec.oneOf(['linear', 'restricted', 'ambient']),
      power: codec.whole(0),
      against: codec.oneOf(['dense', 'sparse']),
      weights: Moving,
      start,
      samples: count,
      along: t.readonlyArray(count)
    }
  ),
  /** Scores learnt on the training loss with frozen weights: edge-popup, or HYDRA where the training is attacked. */
  edgePopup: codec.closed({ kind: kinds('edgePopup') }, { name: label, ...scores }),
  hydra: codec.closed({ kind: kinds('hydra') }, { name: label, ...scores }),
  /** `mask.transfer`; training starts from the student's weights. */
  transfer: codec.closed(
    { kind: kinds('transfer') },
    { name: label, ...scores, gamma: radius, lambda: radius, refresh: count }
  ),
  /** `train.threeStage`: `dense` of the training's epochs before pruning, half of them unless given, and the rest after. */
  threeStage: codec.closed({ kind: kinds('threeStage') }, { name: label, layers, dense: count }),
  /** `train.rewind`: whole trainings before the ticket's own. */
  rewind: codec.closed({ kind: kinds('rewind') }, { name: label, layers, rounds: count, to: codec.whole(0) })
} as const

const Record = codec.tagged('kind', table)

/** How the weights of a run are chosen. */
export type MethodSetting = t.TypeOf<typeof Record>

/** The settings of one kind. */
export type MethodOf<K extends MethodSetting['kind']> = Extract<MethodSetting, { readonly kind: K }>

/** The ways to choose the weights of a network. */
export const methodNames = Object.keys(table)

/** Methods that are one score at initialisation. */
export type ScoredMethod = MethodOf<(typeof oneShotMethods)[number]>

export const isScored = (method: MethodSetting): method is ScoredMethod =>
  oneShotMethods.some((name) => name === method.kind)

const word = codec.oneOf(methodNames)

/** A method as a file says it: its kind alone, or a record. */
export const Method: t.Type<MethodSetting, unknown> = new t.Type<MethodSetting, unknown>(
  `${word.name}, or a record with one of them as its kind`,
  Record.is,
  (value, context) => {
    if (typeof value !== 'string') return Record.validate(value, context)
    const known = word.validate(value, context)
    return E.isLeft(known) ? known : Record.validate({ kind: known.right }, context)
  },
  t.identity
)

/** The name of a method in tables and files. */
export const labelOf = ({ kind, name = kind }: MethodSetting): string => name
