import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { leftWith, showValue, type TangentError } from '../core/error.js'
import { crc32 } from '../format/crc32.js'
import { decodeJson, encodeJson, real } from './encode-json.js'

const numbers = t.readonlyArray(real)
const fields = <P extends t.Props>(props: P): t.ReadonlyC<t.TypeC<P>> => t.readonly(t.type(props))

/** Weights of one layer: how many a mask keeps, of how many. */
const LayerCount = fields({ kept: t.number, total: t.number })

/** Relative distances of kernel and outputs to the dense network's. */
const DistanceRecord = t.readonly(
  t.intersection([
    /** Of the mixed kernel. */
    t.type({ kernel: real }),
    /** Of the outputs; undefined where the dense network is centred, whose outputs are 0. */
    t.partial({ output: real })
  ])
)
export type DistanceRecord = t.TypeOf<typeof DistanceRecord>

const Flag = fields({
  /** Which sign it is. */
  name: t.string,

  /** The finding, in words and numbers. */
  reason: t.string,

  /** The fraction that was measured. */
  measured: real,

  /** The largest fraction that raises no flag. */
  limit: t.number
})

/** How a model did on a set under several attacks: what `attack.evaluate` gives, without the examples one by one. */
const RobustnessRecord = fields({
  /** How many examples were evaluated. */
  count: t.number,
  /** The fraction classified correctly. */
  clean: t.number,
  /** The fraction classified correctly both as it is and under every attack. */
  robust: t.number,
  /** The attacks, in order. */
  attacks: t.readonlyArray(
    fields({
      /** The name of the attack. */
      name: t.string,

      /** What the attack knows of the model. */
      kind: t.string,

      /** On how many examples it ran. */
      attacked: t.number,

      /** On how many of them it succeeded. */
      broken: t.number,
      /** The fraction of the set that is robust after it. */
      robust: t.number,

      /** Attacked examples with a gradient that was zero everywhere. */
      zeroGradients: t.number,

      /** Attacked examples with a gradient that was not finite. */
      nonFiniteGradients: t.number
    })
  ),
  /** The classes that the set has. */
  classes: t.readonlyArray(
    fields({
      /** The class. */
      label: t.number,
      /** How many examples have the class. */
      count: t.number,
      /** The fraction of them that is classified correctly. */
      clean: t.number,
      /** The fraction of them that is robust. */
      robust: t.number
    })
  ),
  /** Signs that robustness is overestimated. */
  flags: t.readonlyArray(Flag)
})

/** What `attack.audit` saw. */
const AuditRecord = fields({
  /** On how many examples. */
  count: t.number,
  /** Signs that robustness is overestimated. */
  flags: t.readonlyArray(Flag),
  /** Robust accuracy under PGD by the number of steps. */
  overSteps: numbers,
  /** Robust accuracy where the ball holds the whole box. */
  unbounded: t.number,
  /** Robust accuracy under each attack by itself, by name. */
  alone: t.readonly(t.record(t.string, t.number))
})

const Executed = fields({
  /** The engine. */
  engine: t.string,
  /** Its backend. */
  backend: t.string,
  /** The number of threads. */
  threads: t.number
})

/** What a search of a mask did: distances to dense on its own batches along the way, and on images kept out at both ends. */
const SearchRecord = fields({
  /** The steps at which `kernel` and `output` were noted. */
  steps: numbers,
  /** The kernel’s distance to the dense one at each of `steps`. */
  kernel: numbers,
  output: numbers,
  /** Weights that entered or left the mask since the step noted before, layer by layer. */
  flips: t.readonlyArray(numbers),
  before: DistanceRecord,
  after: DistanceRecord
})

/** The natural kernel Θ(X, X), trace over outputs, of a network at its start, on images kept out. */
const KernelRecord = fields({
  /** From the largest down. */
  eigenvalues: numbers,
  /** exp of the entropy of the normalised eigenvalues. */
  effectiveRank: real,
  /** Centred alignment with the labels' kernel, and with the dense network's kernel. */
  labelAlignment: real,
  denseAlignment: real
})

/** What a network costs to run on one example, and to keep: the masked one, and the dense one. */
const CostRecord = fields({
  /** Floating-point operations of the masked network. */
  flops: t.number,
  /** Bytes of the masked network. */
  bytes: t.number,
  /** Floating-point operations of the dense network. */
  denseFlops: t.number,
  /** Bytes of the dense network. */
  denseBytes: t.number
})

/** What was measured of a run beside its accuracy; what does not apply to a method is left out. */
const Measures = t.readonly(
  t.intersection([
    t.type({
      /** Kept and all weights of each layer, in order. */
      layers: t.readonlyArray(LayerCount),
      /** What the masked network costs to run and to store. */
      cost: CostRecord
    }),
    t.partial({
      /** Kept first-layer weights of each input pixel, summed over the outputs; of dense first layers only. */
      pixels: numbers,
      /** Distance of the masked network's mixed kernel and outputs to the dense ones at initialisation. */
      distance: DistanceRecord,
      /** What the search did, where the method searches. */
      search: SearchRecord,
      /** The kernel of the masked network at its start. */
      kernel: KernelRecord,
      /** The epochs at which `trajectory` was noted. */
      epochs: numbers,
      /** Relative L2 distance of the logits on fixed attacked test images to the dense run's. */
      trajectory: numbers
    })
  ])
)

/** What was measured of a run beside its accuracy. */
export type Measures = t.TypeOf<typeof Measures>

/** One run of an experiment, as in its JSON file. */
export const ExperimentRun = t.readonly(
  t.intersection([
    t.type({
      /** The seed of the run. */
      seed: t.number,
      /** The name of the method in the experiment. */
      method: t.string,
      /** The fraction of the weights that the mask keeps. */
      density: t.number,
      /** All of the experiment that this run depends on. */
      setting: t.readonly(t.record(t.string, t.unknown)),
      /** How the training went. */
      training: fields({
        /** How many steps were taken. */
        steps: t.number,
        /** The mean loss of each epoch. */
        losses: numbers,
        /** The accuracy on the held-out examples after each epoch, under the attack of the training. */
        validations: numbers,
        /** The epoch whose parameters were tested: the best one by validation. */
        epoch: t.number
      }),
      /** How the trained network did under the attacks. */
      robustness: RobustnessRecord,
      /** Who computed it. */
      executed: Executed
    }),
    t.partial({
      /** What was measured beside accuracies. */
      measures: Measures,
      /** Wall-clock time of each phase; a phase that was taken up again counts from there. */
      seconds: fields({
        /** Seconds to choose the mask. */
        mask: t.number,
        /** Seconds of the training. */
        training: t.number,
        /** Seconds of the evaluation. */
        tests: t.number
      }),
      /** What the audit of the attacks found. */
      audit: AuditRecord,
      /** Robust accuracy by radius. */
      overEpsilon: t.readonlyArray(
        fields({
          /** The radius. */
          epsilon: t.number,
          /** The robust accuracy at this radius. */
          robust: t.number
        })
      )
    })
  ])
)
export type ExperimentRun = t.TypeOf<typeof ExperimentRun>

/** A whole experiment: what was asked for, and its runs. */
export const ExperimentRecord = fields({
  /** The name of the experiment. */
  name: t.string,
  /** The command that made it. */
  command: t.string,
  /** The experiment, as its file says it. */
  experiment: t.readonly(t.record(t.string, t.unknown)),
  /** The finished runs. */
  runs: t.readonlyArray(ExperimentRun)
})
export type ExperimentRecord = t.TypeOf<typeof ExperimentRecord>

const StoredRun = t.intersection([ExperimentRun, t.partial({ crc32: t.string })])

const runFields: ReadonlySet<string> = new Set(
  ExperimentRun.type.types.flatMap(({ props }) => Object.keys(props))
)

const sumOf = (run: ExperimentRun): string => crc32(encodeJson(run)).toString(16)

/** A finished run as a file: its JSON, and in a last field the CRC-32 of the JSON without that field. */
export const encodeRun = (run: ExperimentRun): Uint8Array => encodeJson({ ...run, crc32: sumOf(run) })

/**
 * Reads the file of a finished run. One with another checksum is a DataError; files of version 0.1.0, which have none, are
 * read as they are.
 */
export const decodeRun =
  (where: string) =>
  (bytes: Uint8Array): E.Either<TangentError, ExperimentRun> =>
    pipe(
      bytes,
      decodeJson('experiment', StoredRun, where),
      E.flatMap(({ crc32: given, ...run }) => {
        const refuse = leftWith('DataError', 'experiment')
        const stray = Object.keys(run).find((name) => !runFields.has(name))
        if (stray !== undefined) return refuse('the fields of a run', showValue(stray), where)
        return given === undefined || given === sumOf(run)
          ? E.right(run)
          : refuse(`a run with the CRC-32 ${given}`, `${sumOf(run)}: it is damaged`, where)
      })
    )
