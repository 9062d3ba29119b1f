import type { EngineName } from '../engine/engine.js'
import type { EngineOptions } from '../engine/open.js'

/** A named engine is required, never replaced silently; `auto` takes the first that is there. */
export const engineOptions = (engine: EngineName | 'auto', threads: number): EngineOptions =>
  engine === 'auto' ? { prefer: engine, threads } : { require: engine, threads }
