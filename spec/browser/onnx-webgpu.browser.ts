import { describe, it } from 'vitest'
import { convolvesRightly } from '../support/convolutional.js'
import { keepsNumbers } from '../support/numbers.js'
import { openedEngine } from '../support/opened-engine.js'
import { residentAsCalls } from '../support/resident.js'
import { worksInPage } from './suite.js'

worksInPage('onnx:webgpu', { sample: 10, full: 300 })

describe('onnx:webgpu in a page', () => {
  const engine = openedEngine('onnx:webgpu')
  it('computes random convolutional networks and their gradients', () => convolvesRightly(engine(), 5))
  describe('keeps state on the device', () => residentAsCalls(engine, 10))
  describe('keeps numbers and infinities', () => keepsNumbers('onnx:webgpu'))
})
