/**
 * The ways to choose the weights of a network. A file has methods that work alike: what a setting may say of each (its codec)
 * and what it does ({@link Method}: a {@link MethodInput} in, a {@link MethodResult} out). A new method is a variant in such a
 * file and a row of the table below; experiments, the command line and its messages then know it.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as t from 'io-ts'
import * as codec from '../../format/codec.js'
import { isRecord } from '../../format/parse-json.js'
import { dense, otherBatches, otherStart } from './dense.js'
import { edgePopup, hydra } from './edge-popup.js'
import { lengthened, type Method, warmed } from './method.js'
import { score } from './score.js'
import { rewind, threeStage } from './three-stage.js'
import { ticket, transfer } from './ticket.js'

const methods = codec.tagged<Method>()({
  dense,
  otherBatches,
  otherStart,
  random: score('random', 'erk'),
  magnitude: score('magnitude', 'uniform'),
  snip: score('snip', 'global'),
  grasp: score('grasp', 'global'),
  synflow: score('synflow', 'global'),
  kernelTrace: score('kernelTrace', 'global'),
  ticket,
  edgePopup,
  hydra,
  transfer,
  threeStage,
  rewind
})

/** How the weights of a run are chosen. */
export type MethodSetting = t.TypeOf<typeof methods.codec>

/** The names of the methods. */
export const methodNames: readonly string[] = methods.kinds

const word = codec.oneOf(methods.kinds)

/** A method as a file says it: its kind alone, or a record. */
export const MethodSetting: t.Type<MethodSetting, unknown> = new t.Type<MethodSetting, unknown>(
  `${word.name}, or a record with one of them as its kind`,
  methods.codec.is,
  (value, context) => {
    if (typeof value !== 'string') return methods.codec.validate(value, context)
    const known = word.validate(value, context)
    return E.isLeft(known) ? known : methods.codec.validate({ kind: known.right }, context)
  },
  t.identity
)

const optionOf = (method: unknown, name: 'longer' | 'after'): number | undefined => {
  const value = isRecord(method) ? method[name] : undefined
  return typeof value === 'number' ? value : undefined
}

/** At most how many times the epochs a method's masks are trained, given as a setting or as a record of a run has it. */
export const longerOf = (method: unknown): number => optionOf(method, 'longer') ?? 1

/** What a method does. */
export const methodOf = (setting: MethodSetting): Method => {
  const [method, longer, after] = [methods.build(setting), longerOf(setting), optionOf(setting, 'after') ?? 0]
  const chosen: Method =
    longer === 1
      ? method
      : { ...method, run: (input) => pipe(method.run(input), RTE.map(lengthened(input, longer))) }
  return after === 0 ? chosen : { ...method, run: warmed(chosen, setting.kind, after) }
}

/** What a run is to others: the dense network that they are compared with, a control of that comparison, or a masked one. */
export type Role = 'dense' | 'control' | 'masked'

const roles: ReadonlyMap<unknown, Role> = new Map<MethodSetting['kind'], Role>([
  ['dense', 'dense'],
  ['otherBatches', 'control'],
  ['otherStart', 'control']
])

/** The role of the runs of a method, given as a setting or as a record of a run has it. */
export const roleOf = (method: unknown): Role =>
  (isRecord(method) ? roles.get(method['kind']) : undefined) ?? 'masked'

/** The name of a method in tables and files. */
export const labelOf = ({ kind, name = kind }: MethodSetting): string => name

export { type MethodInput, type MethodResult, observeLoss, type OnProgress } from './method.js'
