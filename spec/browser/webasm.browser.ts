import { worksInPage } from './suite.js'

worksInPage('gpujs:webasm', { sample: 30, full: 300 })
