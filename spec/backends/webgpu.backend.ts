import { proves } from './suite.js'

proves('webgpu', 300)
