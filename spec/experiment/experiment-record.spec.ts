import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { ExperimentRecord } from '../../lib/experiment/index.js'
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
