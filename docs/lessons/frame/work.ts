import type { State } from './controls.js'
import type { Draw, Frame } from './lesson.js'

/** One run of a figure; what is told of an earlier run comes too late. */
export interface Run {
  readonly figure: string
  readonly run: number
}

/** What a page asks its worker for: the lesson is loaded, and a figure computed; one without a state is to stop. */
export interface Order extends Run {
  readonly lesson: string
  readonly state?: State
}

/** What a reader wrote in place of regions of a lesson's model.ts, by their names. */
export type Edits = Readonly<Record<string, string>>

/** What a page asks the worker for that runs a reader's code. */
export interface EditedOrder extends Required<Order> {
  readonly edits: Edits
}

/** How long edited code may give nothing, neither a frame nor a line, in milliseconds. */
export const PATIENCE = 20_000

/** What a worker tells of a figure. */
export type Told = Run &
  (
    | { readonly kind: 'frame'; readonly frame: Frame }
    | { readonly kind: 'end' | 'stopped' }
    // a line that a reader's code wrote to the console
    | { readonly kind: 'log'; readonly text: string }
    | { readonly kind: 'error'; readonly text: string }
  )

/** The message of whatever was thrown. */
export const messageOf = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message : String(thrown)

/** The frames of a figure one after another, as long as they are wanted; between two, the page or its messages get their turn. */
export const tellFrames = async (
  { figure, run }: Run,
  draw: Draw<State>,
  state: State,
  isWanted: () => boolean,
  tell: (told: Told) => void
): Promise<void> => {
  try {
    const drawn = draw(state)
    for await (const frame of 'views' in drawn ? [drawn] : drawn) {
      if (!isWanted()) return
      tell({ figure, run, kind: 'frame', frame })
      await new Promise((resume) => setTimeout(resume))
    }
    if (isWanted()) tell({ figure, run, kind: 'end' })
  } catch (error) {
    if (isWanted()) tell({ figure, run, kind: 'error', text: messageOf(error) })
  }
}
