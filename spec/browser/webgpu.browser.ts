import { describe } from 'vitest'
import { movesOnce } from '../engine/gpujs/transfers.js'
import { worksInPage } from './suite.js'

worksInPage('gpujs:webgpu', { sample: 10, full: 300 })

describe('gpujs:webgpu in a page moves what it has to', () => movesOnce('webgpu'))
