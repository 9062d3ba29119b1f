import type { OpenBackend } from './backend.js'
import { openGpujs } from './gpujs/index.js'
import { type LoopRule, loopRules } from './loops.js'
import { openOnnx } from './onnx/index.js'
import { openReference } from './reference/index.js'

/** What an engine is made of. */
interface EngineEntry {
  readonly open: OpenBackend
  /**
   * `Runner.unroll`: 4 where that was measured to be faster (docs/state.md); beyond it little is gained and compiling takes
   * ever longer. The reference is asked for what is right, not for what is fast.
   */
  readonly unroll: number
  /** Which loops it runs as one. */
  readonly loops: LoopRule
}

/** Every engine by its name. To add one, add its folder and its row here. */
export const engines = {
  reference: { open: openReference, unroll: 1, loops: loopRules.reference },
  'onnx:native': { open: openOnnx('native'), unroll: 4, loops: loopRules['onnx on a CPU'] },
  'onnx:wasm': { open: openOnnx('wasm'), unroll: 4, loops: loopRules['onnx on a CPU'] },
  'onnx:webgpu': { open: openOnnx('webgpu'), unroll: 1, loops: loopRules['onnx elsewhere'] },
  'onnx:cuda': { open: openOnnx('cuda'), unroll: 1, loops: loopRules['onnx elsewhere'] },
  'onnx:coreml': { open: openOnnx('coreml'), unroll: 1, loops: loopRules['onnx elsewhere'] },
  'onnx:dml': { open: openOnnx('dml'), unroll: 1, loops: loopRules['onnx elsewhere'] },
  'gpujs:webgpu': { open: openGpujs('webgpu'), unroll: 1, loops: loopRules.gpujs },
  'gpujs:webgl2': { open: openGpujs('webgl2'), unroll: 1, loops: loopRules.gpujs },
  'gpujs:headlessgl': { open: openGpujs('headlessgl'), unroll: 4, loops: loopRules.gpujs },
  'gpujs:webasm': { open: openGpujs('webasm'), unroll: 4, loops: loopRules.gpujs },
  'gpujs:cpu': { open: openGpujs('cpu'), unroll: 1, loops: loopRules.gpujs }
} as const satisfies Record<string, EngineEntry>

/** The name of one engine, with the backend that computes for it. */
export type EngineName = keyof typeof engines

export const isEngineName = (name: string): name is EngineName => Object.hasOwn(engines, name)

/** The names of all engines: what `prefer`, `require` and `--engine` accept besides `auto`. */
export const engineNames: readonly EngineName[] = Object.keys(engines).filter(isEngineName)
