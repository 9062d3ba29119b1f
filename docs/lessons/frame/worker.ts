/// <reference lib="webworker" />
import { figuresOf } from './folders.js'
import { type Order, tellFrames } from './work.js'

/** The newest run of each figure: an older one ends where it is. */
const newest = new Map<string, number>()

self.onmessage = async ({ data: { lesson, figure, run, state } }: MessageEvent<Order>): Promise<void> => {
  newest.set(figure, run)
  const loading = figuresOf(lesson)
  if (state === undefined) return
  const draw = (await loading)[figure]
  if (draw === undefined) throw new Error(`${lesson} has no figure ${figure}`)
  await tellFrames(
    { figure, run },
    draw,
    state,
    () => newest.get(figure) === run,
    (told) => self.postMessage(told)
  )
}
