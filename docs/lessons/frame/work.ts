import type { State } from './controls.js'
import type { Draw, Frame } from './lesson.js'

/** What a page asks its worker for; a figure without a state is to stop. */
export interface Order {
  readonly lesson: string
  readonly figure: string
  readonly state?: State
}

/** What a worker tells of a figure. */
export type Told =
  | { readonly figure: string; readonly kind: 'frame'; readonly frame: Frame }
  | { readonly figure: string; readonly kind: 'end' }
  | { readonly figure: string; readonly kind: 'error'; readonly text: string }

/** The frames of a figure one after another, as long as they are wanted; between two, the page or its messages get their turn. */
export const tellFrames = async (
  figure: string,
  draw: Draw<State>,
  state: State,
  isWanted: () => boolean,
  tell: (told: Told) => void
): Promise<void> => {
  try {
    const drawn = draw(state)
    for await (const frame of 'views' in drawn ? [drawn] : drawn) {
      if (!isWanted()) return
      tell({ figure, kind: 'frame', frame })
      await new Promise((resume) => setTimeout(resume))
    }
    if (isWanted()) tell({ figure, kind: 'end' })
  } catch (error) {
    if (isWanted())
      tell({ figure, kind: 'error', text: error instanceof Error ? error.message : String(error) })
  }
}
