import { engineNames } from './engines.js'
import type { EngineOptions } from './open-engine.js'

/** What a person may ask for by name: an engine, or the first that is there. */
export const engineChoices = ['auto', ...engineNames] as const

/** An engine as a command or another process names it. */
export interface EngineChoice {
  /** @defaultValue `auto` */
  readonly engine?: (typeof engineChoices)[number]
  /** @defaultValue 1 */
  readonly threads?: number
}

/** A named engine is required, never replaced silently; `auto` takes the first that is there. */
export const engineOptions = ({ engine = 'auto', threads = 1 }: EngineChoice): EngineOptions =>
  engine === 'auto' ? { prefer: engine, threads } : { require: engine, threads }
