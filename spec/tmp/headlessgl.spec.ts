import { describe } from 'vitest'
import { computes } from '../engine/gpujs/suite.js'
describe.each(['headlessgl'] as const)('gpujs:%s', computes)
