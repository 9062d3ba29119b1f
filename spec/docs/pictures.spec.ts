import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { pictures } from '../../bench/harness/pictures.js'
import { ExperimentRecord } from '../../lib/experiment/experiment-record.js'
import { right } from '../support/either.js'

const text = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

describe('the pictures of docs/', () => {
  it.each(Object.entries(pictures))(
    '%s is what its record draws (npm run pictures)',
    (name, [record, draw]) => {
      const decoded = right(ExperimentRecord.decode(JSON.parse(text(`bench/results/${record}`))))
      expect(text(`docs/${name}`)).toBe(right(draw(decoded)))
    }
  )
})
