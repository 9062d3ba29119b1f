import { engineNames } from 'tangentflow'
import { describe } from 'vitest'
import { standsStress } from '../support/stress.js'

const seed = Number(process.env.FC_SEED)
const names = engineNames.filter((name) => name !== 'gpujs:webgl2')

describe.each(names)('two of %s at once', (name) => standsStress([name], seed))
describe('all engines at once', () => standsStress(names, seed + 1))
