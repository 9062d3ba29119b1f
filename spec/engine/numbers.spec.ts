import { describe } from 'vitest'
import { engineNames } from '../../lib/engine/index.js'
import { evaluateOn } from '../../lib/graph/evaluate.js'
import { givesInfinities } from '../support/infinities.js'
import { float64, keepsNumbers } from '../support/numbers.js'
import { isSmooth } from '../support/smooth.js'

describe('evaluateOn', () => {
  isSmooth((f, x) => Promise.resolve(evaluateOn(f)(x)), float64)
  givesInfinities((f, args) => Promise.resolve(evaluateOn(f)(...args)))
})

const engines = engineNames.filter((name) => name !== 'gpujs:webgl2')

describe.each(engines)('%s', keepsNumbers)
