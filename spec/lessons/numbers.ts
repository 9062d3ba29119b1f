import type { Facts } from '../../docs/lessons/frame/lesson.js'

/** Numbers that a figure of a lesson must show in a state. They are read in Node, and off the page. */
export interface Numbers {
  readonly says: string
  readonly figure: string
  /** The state, as the address of the page has it. */
  readonly query: string
  readonly hold: (fact: Facts) => void
}
