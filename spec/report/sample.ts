import type { MethodResult, RunRecord } from '../../lib/report/index.js'

const methods = ['dense', 'ticket', 'kernel trace', 'SNIP', 'random', 'magnitude']
const checkpoints = Array.from({ length: 20 }, (_, i) => 3 * (i + 1))

const methodOf = (method: string, place: number, seed: number): MethodResult => ({
  method,
  density: place === 0 ? 1 : 0.2,
  clean: 0.99 - place * 0.004,
  robust: 0.882 - place * 0.012 + seed * 0.003,
  kernel: place === 0 ? 0 : 0.1 + 0.15 * place,
  output: place === 0 ? 0 : 0.2 * place,
  dynamics: place === 0 ? 0 : 0.3 + 0.08 * place,
  trajectory: checkpoints.map((epoch) =>
    place === 0 ? 0 : (0.3 + 0.08 * place) * (1 - Math.exp(-epoch / 12))
  ),
  losses: Array.from({ length: 60 }, (_, i) => 0.2 + 0.05 * place + 2 * Math.exp(-i / 6)),
  layers: [
    { kept: place === 0 ? 8192 : 1600, total: 8192 },
    { kept: place === 0 ? 8192 : 1600, total: 8192 },
    { kept: place === 0 ? 640 : 300, total: 640 }
  ],
  pixels: Array.from({ length: 64 }, (_, i) => Math.round(40 * Math.abs(Math.sin(i * (place + 1)))))
})

/** A record like the ones the main job makes, of as many seeds as asked for. */
export const sample = (seeds: number): RunRecord => ({
  config: { seed: 0, seeds, density: 0.2, widths: [64, 128, 64, 10], engine: 'auto' },
  executed: { engine: 'onnx:native', backend: 'onnxruntime-node 1.30.0', threads: 2 },
  seconds: 31.25,
  checkpoints,
  seeds: Array.from({ length: seeds }, (_, seed) => ({
    seed,
    seconds: 30,
    search: {
      steps: Array.from({ length: 31 }, (_, i) => 10 * i),
      kernel: Array.from({ length: 31 }, (_, i) => 0.18 + 0.16 * Math.exp(-i / 5) + 0.01 * seed),
      output: Array.from({ length: 31 }, (_, i) => 0.5 + 0.2 * Math.exp(-i / 9)),
      before: { kernel: 0.34, output: 0.7 },
      after: { kernel: 0.19 + 0.01 * seed, output: 0.5 }
    },
    methods: methods.map((method, place) => methodOf(method, place, seed))
  }))
})
