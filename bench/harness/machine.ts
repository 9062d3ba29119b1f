import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'

/** Where and when something was measured. The load average tells whether the machine had other work. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly platform: string
  readonly node: string
  readonly date: string
  readonly loadAverage: number
  /** The WebGPU adapter, where GPUs are measured. */
  readonly adapter?: string
}

export const thisMachine = (): Machine => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: availableParallelism(),
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  platform: `${process.platform}-${process.arch}`,
  node: process.version,
  date: new Date().toISOString(),
  loadAverage: loadavg()[0] ?? NaN
})
