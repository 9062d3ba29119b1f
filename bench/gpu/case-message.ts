import type { Effort, Row } from '../harness/measure.js'
import type { GpuSizes } from './cases.js'

/** What the process of a case is asked for. */
export interface CaseOrder {
  readonly name: string
  readonly sizes: GpuSizes
  readonly threads: number
  /** Parts of candidates' names; all candidates when empty. */
  readonly parts: readonly string[]
  /** Candidates at the start that already have a row. */
  readonly done: number
  readonly effort: Effort
}

/** What the process of a case tells. */
export type CaseMessage =
  | { readonly _tag: 'Reference' }
  | { readonly _tag: 'Candidate'; readonly name: string; readonly threads: number }
  | { readonly _tag: 'Row'; readonly row: Row }
  /** Nothing more can be measured; without a reason, all was. */
  | { readonly _tag: 'End'; readonly reason?: string }
