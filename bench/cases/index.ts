/**
 * The cases of `npm run bench`: each file has a step that is timed, what it is compared with and how its result is checked. To add one,
 * write a file like `mlp-step.ts` and add its case to the list.
 */
import type { Case } from '../harness/candidate.js'
import { PEAK_CASE } from '../harness/limits.js'
import { awtStepCase, awtStepExplicitCase, compileAwtStepCase } from './awt-step.js'
import { cnnStepCase, compileCnnStepCase } from './cnn-step.js'
import { compileMlpStepCase, mlpStepCase } from './mlp-step.js'
import { ntkCnnCase } from './ntk-cnn.js'
import { ntkLenetCase, ntkMaskedCase } from './ntk.js'
import { pgdTrainStepCase } from './pgd-train-step.js'
import { pgd40EvaluationCase } from './pgd40-evaluation.js'
import { productsCase } from './products.js'
import { residentCase } from './resident.js'

/** The rates that limits are worked out from. */
const peakCase: Case = { ...productsCase(1024), name: PEAK_CASE }

/** Every case, in the order in which they run: compiling first, while the process is cold. */
export const cases: readonly Case[] = [
  compileMlpStepCase,
  compileAwtStepCase,
  compileCnnStepCase,
  mlpStepCase,
  cnnStepCase,
  awtStepCase,
  awtStepExplicitCase,
  pgdTrainStepCase,
  pgd40EvaluationCase,
  residentCase,
  ntkLenetCase,
  ntkMaskedCase,
  ntkCnnCase,
  peakCase
]
