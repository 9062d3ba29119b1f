import { describe } from 'vitest'
import { computes } from '../engine/gpujs/suite.js'

describe.runIf(process.env.SLOW === '1')('gpujs:webgl2 in a page computes', () => computes('webgl2'))
