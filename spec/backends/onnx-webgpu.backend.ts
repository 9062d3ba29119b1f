import { describe, it } from 'vitest'
import { convolvesRightly } from '../support/convolutional.js'
import { addsLongSums } from '../support/long-sums.js'
import { openedEngine } from '../support/opened-engine.js'
import { agrees } from './suite.js'

agrees('onnx:webgpu', 300)

describe('onnx:webgpu', () => {
  const engine = openedEngine('onnx:webgpu')
  it('computes random convolutional networks and their gradients', () => convolvesRightly(engine(), 50))
})

describe('onnx:webgpu adds up long sums', () => addsLongSums('onnx:webgpu', [4099, 16_385]))
