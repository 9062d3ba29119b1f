import type { TangentError } from '../core/error.js'

/** What a process of a pool is told. */
export type ToWorker = { readonly kind: 'task'; readonly job: unknown } | { readonly kind: 'stop' }

/** What a process of a pool says: of a task that goes on, or how it ended. */
export type FromWorker<Event> =
  | { readonly kind: 'event'; readonly event: Event }
  | { readonly kind: 'done'; readonly text: string }
  | { readonly kind: 'failed'; readonly error: TangentError }
