import { type Engine, openEngine } from 'tangentflow'
import { right } from './lesson.js'

let opened: Promise<Engine> | undefined

/** The reference engine, for figures that are computed in a worker; opened once, and there as long as the page is. */
export const referenceEngine = (): Promise<Engine> =>
  (opened ??= openEngine({ require: 'reference' })().then((engine) => right(engine)))
