import { describe, expect, it } from 'vitest'
import { ndarray, ops, run } from 'tangentflow'
import { right } from '../support/either.js'
import { addsLongSums } from '../support/long-sums.js'
import { openedEngine } from '../support/opened-engine.js'

describe.each(['reference', 'onnx:native', 'onnx:wasm', 'gpujs:webasm', 'gpujs:cpu'] as const)(
  '%s',
  (require) => {
    addsLongSums(require, [512, 1024, 4099, 65_537, 2 ** 20, 2 ** 20 - 3])

    const engine = openedEngine(require)
    it('2^24 + 4096 ones are 16,781,312', async () => {
      const ones = ndarray.full([2 ** 24 + 4096], 1)
      expect(right(await run(engine())(ops.sum())(ones)()).value.data).toEqual(
        require === 'reference' ? Float64Array.of(16_781_312) : Float32Array.of(16_781_312)
      )
    })
  }
)
