/// <reference lib="webworker" />
import { ndarray } from 'tangentflow'
import { transform } from 'sucrase'
import { hasTag } from '../../../lib/core/check.js'
import { showValue } from '../../../lib/core/error.js'
import { figuresWith } from './edited.js'
import { lessonFiles } from './lesson-files.js'
import { type EditedOrder, messageOf, tellFrames, type Told } from './work.js'

// The worker that runs what a reader wrote. It is loaded when a reader asks for it, and ended when that code does not end.

const plain = (source: string): string =>
  transform(source, { transforms: ['typescript', 'imports'], disableESTransforms: true, production: true })
    .code

const [MOST_LINES, MOST_LETTERS] = [300, 2000] as const

/** What is written of a part of a value: numbers of arrays, but not the graph behind a tensor. */
const plainPart = (part: unknown): unknown =>
  ndarray.isNdArray(part)
    ? ndarray.toNested(part)
    : hasTag(part, 'Tensor')
      ? showValue(part)
      : part instanceof Float64Array || part instanceof Float32Array
        ? Array.from(part)
        : part

/** A value as a line shows it: text as it is, arrays of the library as nested lists. */
const textOf = (value: unknown): string => {
  if (typeof value === 'string') return value
  if (value === undefined || typeof value === 'function') return showValue(value)
  try {
    return JSON.stringify(value, (_, part: unknown) => plainPart(part))
  } catch {
    return showValue(value)
  }
}

let newest = 0

self.onmessage = async ({ data }: MessageEvent<EditedOrder>): Promise<void> => {
  const { lesson, figure, run, state, edits } = data
  const tell = (told: Told): void => self.postMessage(told)
  let lines = 0
  const log = (...values: readonly unknown[]): void => {
    if (++lines > MOST_LINES) return
    const text = lines === MOST_LINES ? 'and more' : values.map(textOf).join(' ').slice(0, MOST_LETTERS)
    tell({ figure, run, kind: 'log', text })
  }
  newest = run
  const console = { ...self.console, log, info: log, warn: log, error: log, debug: log }
  try {
    const draw = figuresWith({ ...lessonFiles, plain, console }, lesson, edits)[figure]
    if (draw === undefined) throw new Error(`${lesson} has no figure ${figure}`)
    await tellFrames({ figure, run }, draw, state, () => newest === run, tell)
  } catch (error) {
    tell({ figure, run, kind: 'error', text: messageOf(error) })
  }
}
