import { createHash } from 'node:crypto'
import type { EngineChoice } from '../engine/engine-choice.js'
import { type Experiment, followedRunOf, type RunSetting, settingOf } from '../experiment/experiment.js'
import { isRecord } from '../format/parse-json.js'

/** A value of JSON with the fields of its records in alphabetical order. */
const ordered = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(ordered)
  if (!isRecord(value)) return value
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((name) => [name, ordered(value[name])])
  )
}

/** 128 bits of a SHA-256 of a value of JSON, as 32 hexadecimal digits, whatever the order of its fields. */
export const idOf = (value: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(ordered(JSON.parse(JSON.stringify(value)))))
    .digest('hex')
    .slice(0, 32)

/** All that the result of a run depends on as one name: equal runs of several experiments have one. */
export const runId = (
  version: string,
  { engine = 'auto', threads = 1 }: EngineChoice,
  experiment: Experiment,
  run: RunSetting
): string =>
  idOf({
    version,
    engine,
    threads,
    setting: settingOf(experiment, run),
    followed: followedRunOf(experiment, run) ?? null
  })
