import { worksInPage } from './suite.js'

worksInPage('gpujs:cpu', { sample: 30, full: 300 })
