import type { Task } from 'fp-ts/lib/Task.js'
import type { Complaints } from './complaints.js'
import type { Gpu } from './gpu.js'
import type { Limits } from './limits.js'

/** What a device holds in memory at a moment. */
export interface Memory {
  readonly buffers: number
  readonly textures: number
}

/** A GPU of gpu.js that has been seen to compute, with what the library has to know of the hardware behind it. */
export interface Device {
  readonly gpu: Gpu
  /** What computes, in words: `SwiftShader driver 5.0.0, software`. Undefined where it is the host's own processor. */
  readonly adapter?: string
  readonly limits: Limits
  /** Whether a run can come to nothing without an error, so that a value has to be sent along and looked for. */
  readonly canVanish: boolean
  readonly memory: () => Memory
  /** Why the device can no longer be used, or undefined. */
  readonly lost: () => string | undefined
  readonly complaints: Complaints
  readonly release: Task<void>
}
