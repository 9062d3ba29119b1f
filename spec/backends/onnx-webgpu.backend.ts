import { agrees } from './suite.js'

agrees('onnx:webgpu', 300)
