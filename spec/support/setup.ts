import * as fc from 'fast-check'
import { runs } from './runs.js'

// Every property of a run starts from the one seed that the reporter prints.
fc.configureGlobal({ seed: Number(process.env.FC_SEED), numRuns: runs(100) })
