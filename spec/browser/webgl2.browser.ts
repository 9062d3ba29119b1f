import { worksInPage } from './suite.js'

worksInPage('gpujs:webgl2', { sample: 10, full: 300 })
