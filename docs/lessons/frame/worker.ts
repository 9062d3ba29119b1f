/// <reference lib="webworker" />
import { figuresOf } from './folders.js'
import { type Order, tellFrames } from './work.js'

/** The number of the newest order of each figure: an older one ends where it is. */
const newest = new Map<string, number>()

self.onmessage = async ({ data: { lesson, figure, state } }: MessageEvent<Order>): Promise<void> => {
  const order = (newest.get(figure) ?? 0) + 1
  newest.set(figure, order)
  if (state === undefined) return
  const draw = (await figuresOf(lesson))[figure]
  if (draw === undefined) throw new Error(`${lesson} has no figure ${figure}`)
  await tellFrames(
    figure,
    draw,
    state,
    () => newest.get(figure) === order,
    (told) => self.postMessage(told)
  )
}
