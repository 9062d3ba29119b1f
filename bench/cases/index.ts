import type { Case } from '../harness/candidate.js'
import { awtStepCase, awtStepExplicitCase } from './awt-step.js'
import { mlpStepCase } from './mlp-step.js'

/** Every case, in the order in which they run. */
export const cases: readonly Case[] = [mlpStepCase, awtStepCase, awtStepExplicitCase]
