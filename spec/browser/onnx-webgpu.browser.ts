import { worksInPage } from './suite.js'

worksInPage('onnx:webgpu', { sample: 10, full: 300 })
