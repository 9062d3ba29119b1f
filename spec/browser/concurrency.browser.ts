import { engineNames, type EngineName } from 'tangentflow'
import { describe } from 'vitest'
import { standsStress } from '../support/stress.js'

const seed = Number(process.env.FC_SEED)
const names = engineNames.filter(
  (name): name is EngineName =>
    !['onnx:native', 'onnx:cuda', 'onnx:coreml', 'onnx:dml', 'gpujs:headlessgl'].includes(name)
)

describe.each(names)('two of %s at once in a page', (name) => standsStress([name], seed, 5, 3))
describe('all engines at once in a page', () => standsStress(names, seed + 1, 5, 3))
