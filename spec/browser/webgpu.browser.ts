import { worksInPage } from './suite.js'

worksInPage('gpujs:webgpu', { sample: 10, full: 300 })
