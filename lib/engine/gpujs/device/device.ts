import type { Task } from 'fp-ts/lib/Task.js'
import type { Resources } from '../../backend.js'
import type { Gpu } from '../packages.js'
import type { Limits } from './limits.js'

/** A GPU of gpu.js that has computed a test, with what the library has to know of the hardware behind it. */
export interface Device {
  readonly gpu: Gpu
  /** The name of the adapter: `SwiftShader driver 5.0.0, software`. Undefined for the host's own processor. */
  readonly adapter?: string
  readonly limits: Limits
  /** Whether it may drop a run without an error, so that a value has to be sent along and checked. */
  readonly mayDropWork: boolean
  /** The buffers and textures in its memory. */
  readonly memory: () => Resources
  /** Why the device can no longer be used, or undefined. */
  readonly lost: () => string | undefined
  readonly errors: DeviceErrors
  readonly release: Task<void>
}

/** Errors that a device reports outside of any call: a run asks whether there was one since it began. */
export interface DeviceErrors {
  /** The present moment, for `since`. */
  readonly mark: () => number
  /** The last error since a moment, or undefined. */
  readonly since: (mark: number) => string | undefined
}

/** Collects the errors of a device; `collect` polls it before each question. */
export const deviceErrors = (
  collect: () => string | undefined = () => undefined
): DeviceErrors & { readonly add: (text: string) => void } => {
  let count = 0
  let last: string | undefined
  const add = (text: string): void => {
    count++
    last = text
  }
  const refresh = (): void => {
    const text = collect()
    if (text !== undefined) add(text)
  }
  return {
    add,
    mark: () => {
      refresh()
      return count
    },
    since: (mark) => {
      refresh()
      return count > mark ? last : undefined
    }
  }
}

/** The host's own processor reports errors by exceptions only. */
export const noDeviceErrors: DeviceErrors = { mark: () => 0, since: () => undefined }
