import * as t from 'io-ts'

const numbers = t.readonlyArray(t.number)

const Flag = t.readonly(t.type({ name: t.string, reason: t.string, measured: t.number, limit: t.number }))

/** How a model did on a set under several attacks: what `attack.evaluate` gives, without the examples one by one. */
const RobustnessRecord = t.readonly(
  t.type({
    count: t.number,
    clean: t.number,
    robust: t.number,
    attacks: t.readonlyArray(
      t.readonly(
        t.type({
          name: t.string,
          kind: t.string,
          attacked: t.number,
          broken: t.number,
          robust: t.number,
          zeroGradients: t.number,
          nonFiniteGradients: t.number
        })
      )
    ),
    classes: t.readonlyArray(
      t.readonly(t.type({ label: t.number, count: t.number, clean: t.number, robust: t.number }))
    ),
    flags: t.readonlyArray(Flag)
  })
)
type RobustnessRecord = t.TypeOf<typeof RobustnessRecord>

/** What `attack.audit` saw. */
const AuditRecord = t.readonly(
  t.type({
    count: t.number,
    flags: t.readonlyArray(Flag),
    overSteps: numbers,
    unbounded: t.number,
    alone: t.readonly(t.record(t.string, t.number))
  })
)

const Executed = t.readonly(t.type({ engine: t.string, backend: t.string, threads: t.number }))

/** One run of an experiment, as in its JSON file. */
export const ExperimentRun = t.readonly(
  t.intersection([
    t.type({
      seed: t.number,
      method: t.string,
      density: t.number,
      /** All of the experiment that this run depends on. */
      setting: t.readonly(t.record(t.string, t.unknown)),
      training: t.readonly(
        t.type({
          steps: t.number,
          /** The mean loss of each epoch. */
          losses: numbers,
          /** The accuracy on the held-out examples after each epoch, under the attack of the training. */
          validations: numbers,
          /** The epoch whose parameters were tested: the best one by validation. */
          epoch: t.number
        })
      ),
      robustness: RobustnessRecord,
      executed: Executed
    }),
    t.partial({
      audit: AuditRecord,
      overEpsilon: t.readonlyArray(t.readonly(t.type({ epsilon: t.number, robust: t.number })))
    })
  ])
)
export type ExperimentRun = t.TypeOf<typeof ExperimentRun>

/** A whole experiment: what was asked for, and its runs. */
export const ExperimentRecord = t.readonly(
  t.type({
    name: t.string,
    /** The command that made it. */
    command: t.string,
    experiment: t.readonly(t.record(t.string, t.unknown)),
    runs: t.readonlyArray(ExperimentRun)
  })
)
export type ExperimentRecord = t.TypeOf<typeof ExperimentRecord>
