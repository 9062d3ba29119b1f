import { describe } from 'vitest'
import { addsLongSums } from '../support/long-sums.js'

describe.each(['reference', 'onnx:native', 'onnx:wasm', 'gpujs:webasm', 'gpujs:cpu'] as const)(
  '%s',
  addsLongSums
)
