import { worksInPage } from './suite.js'

worksInPage('onnx:wasm', { sample: 30, full: 300 })
