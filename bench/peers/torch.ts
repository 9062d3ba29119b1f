import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { NdArray } from '../../lib/index.js'
import type { Candidate, Outcome, Ready } from '../harness/candidate.js'
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

/** Products of square matrices in PyTorch; `outcome` takes what is checked from the sums of rows. */
export const torchProducts =
  (
    values: PythonPeer['values'],
    [x, w]: readonly [NdArray, NdArray],
    outcome: (sums: NdArray) => Outcome
  ): ((threads: number) => Candidate) =>
  (threads) => {
    const peer = pythonPeer({ name: 'torch', script: 'torch_products.py', values, arrays: { x, w } })(threads)
    const checked = (ready: Ready): Ready => ({
      ...ready,
      once: async () => {
        const whole = await ready.once()
        return { ...whole, outcome: outcome(whole.outcome.sums!) }
      }
    })
    return { ...peer, open: pipe(peer.open, TE.map(checked)) }
  }

/** The empirical kernel in PyTorch, by functorch's Jacobian contraction or written by hand. */
export const torchKernel = (
  name: string,
  values: PythonPeer['values'],
  arrays: PythonPeer['arrays']
): ((threads: number) => Candidate) => pythonPeer({ name, script: 'torch_ntk.py', values, arrays })
