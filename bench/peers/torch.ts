import type { Candidate } from '../harness/candidate.js'
import { type PythonPeer, pythonPeer } from './python.js'
import type { CnnData, MlpData } from './sizes.js'

/** The training step in PyTorch. */
export const torchMlpStep = ({ sizes, x, y, params }: MlpData): ((threads: number) => Candidate) =>
  pythonPeer({
    name: 'torch',
    script: 'torch_mlp_step.py',
    values: { rate: sizes.rate },
    arrays: { x, y, ...params }
  })

/** The training step of a convolutional network in PyTorch. */
export const torchCnnStep = ({ sizes, x, y, params }: CnnData): ((threads: number) => Candidate) =>
  pythonPeer({
    name: 'torch',
    script: 'torch_cnn_step.py',
    values: { rate: sizes.rate },
    arrays: { x, y, ...params }
  })

/** One step of the search for a ticket in PyTorch. */
export const torchAwtStep = (
  values: PythonPeer['values'],
  arrays: PythonPeer['arrays']
): ((threads: number) => Candidate) =>
  pythonPeer({ name: 'torch', script: 'torch_awt_step.py', values, arrays })

/** One step of adversarial training in PyTorch. */
export const torchPgdTrainStep = (
  values: PythonPeer['values'],
  arrays: PythonPeer['arrays']
): ((threads: number) => Candidate) =>
  pythonPeer({ name: 'torch', script: 'torch_pgd_train_step.py', values, arrays })

/** The empirical kernel in PyTorch, by functorch's Jacobian contraction or written by hand. */
export const torchKernel = (
  name: string,
  values: PythonPeer['values'],
  arrays: PythonPeer['arrays']
): ((threads: number) => Candidate) => pythonPeer({ name, script: 'torch_ntk.py', values, arrays })
