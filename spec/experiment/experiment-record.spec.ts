import { readdirSync, readFileSync } from 'node:fs'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { Experiment, ExperimentRecord, nameOf, runsOf } from '../../lib/experiment/index.js'
import { settingOf } from '../../lib/experiment/experiment.js'
import { encodeJson } from '../../lib/experiment/encode-json.js'
import { decodeRun, encodeRun } from '../../lib/experiment/experiment-record.js'
import { right } from '../support/either.js'
import { experimentSample, withoutMeasures } from '../support/experiment-sample.js'

const full = experimentSample({ seeds: 3, methods: 9, densities: [0.05, 0.1] })

describe('the record of an experiment', () => {
  it.each([full, withoutMeasures(full)])(
    'reads back what JSON wrote, with measures and without',
    (record) => {
      expect(ExperimentRecord.decode(JSON.parse(JSON.stringify(record)))).toEqual(E.right(record))
    }
  )
})

describe('the file of a run', () => {
  const [run] = full.runs
  const decode = decodeRun('run.json')

  it('is read back, with its checksum or, as in version 0.1.0, without', () => {
    expect(right(decode(encodeRun(run!)))).toEqual(run)
    expect(right(decode(encodeJson(run!)))).toEqual(run)
  })

  it('is read back where the run diverged, as the record is', () => {
    const training = { ...run!.training, losses: [2.5, Infinity, -Infinity, NaN], validations: [NaN] }
    const diverged = { ...run!, training, measures: { ...run!.measures!, trajectory: [0, NaN] } }
    expect(right(decode(encodeRun(diverged)))).toEqual(diverged)
    const record = { ...full, runs: [diverged] }
    const text = new TextDecoder().decode(encodeJson(record))
    expect(right(ExperimentRecord.decode(JSON.parse(text)))).toEqual(record)
    for (const word of ['nan', '1', 'toString', ''])
      expect(E.isLeft(ExperimentRecord.decode(JSON.parse(text.replace('"NaN"', `"${word}"`))))).toBe(true)
  })

  it('is refused whatever byte is damaged', () => {
    const bytes = encodeRun(run!)
    for (let place = 0; place < bytes.length; place += 7)
      for (const bit of [1, 2, 4]) {
        const damaged = bytes.slice()
        damaged[place]! ^= bit
        const read = decode(damaged)
        // white space is all that may change
        if (E.isRight(read)) expect(read.right).toEqual(run)
        else
          expect(read.left).toMatchObject({
            operation: 'experiment',
            where: expect.stringMatching(/^run\.json/) as string
          })
      }
  })
})

describe('the committed records', () => {
  const folder = new URL('../../bench/results/', import.meta.url)
  const records = readdirSync(folder).flatMap((name) => {
    const read = ExperimentRecord.decode(JSON.parse(readFileSync(new URL(name, folder), 'utf8')))
    return E.isRight(read) ? [[name, read.right] as const] : []
  })

  it.each(records)(
    '%s has the settings of the runs that its experiment asks for now',
    (_, { experiment, runs }) => {
      const asked = right(Experiment.decode(experiment))
      const settings = new Map(runsOf(asked).map((run) => [nameOf(run), settingOf(asked, run)]))
      expect(runs.length).toBeGreaterThan(0)
      for (const { setting } of runs) {
        const [method] = right(Experiment.decode({ ...experiment, methods: [setting['method']] })).methods
        const name = nameOf({ seed: Number(setting['seed']), density: Number(setting['density']), method })
        expect(settings.get(name)).toStrictEqual(setting)
      }
    }
  )
})
