import { nn } from '../../lib/index.js'
import type { Case } from '../harness/candidate.js'
import { torchKernel } from '../peers/torch.js'
import { byMethod, kernelCandidates, peerArrays, referenceOf, type Setting } from './ntk.js'

const same = { padding: 'same' } as const

const setting: Setting = {
  network: nn.serial(
    nn.conv2d(16, 3, same),
    nn.relu,
    nn.avgPool(2),
    nn.conv2d(32, 3, same),
    nn.relu,
    nn.avgPool(2),
    nn.flatten,
    nn.dense(10)
  ),
  example: [1, 28, 28],
  n: 16,
  isMasked: false
}

export const ntkCnnCase: Case = {
  name: 'ntk-cnn',
  group: 'ntk',
  title:
    'full kernel of a CNN: 3 × 3 convolutions of 16 and 32 channels on 28 × 28, each pooled, 16 × 16 inputs',
  reference: referenceOf(setting),
  tolerance: 1e-5,
  candidates: kernelCandidates(setting, (threads) => [
    ...byMethod(setting, 'jacobian')(threads),
    torchKernel('torch, functorch', { structured: 0, convolutional: 1 }, peerArrays(setting))(threads)
  ]),
  comparisons: [
    { of: 'onnx:native, jacobian', to: 'onnx:native', sameThreads: true },
    { of: 'torch, functorch', to: 'onnx:native', sameThreads: true }
  ]
}
