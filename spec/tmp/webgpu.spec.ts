import { describe } from 'vitest'
import { computes } from '../engine/gpujs/suite.js'
describe.each(['webgpu'] as const)('gpujs:%s', computes)
