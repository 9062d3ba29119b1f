import { describe, it } from 'vitest'
import { ops, type Tensor } from 'tangentflow'
import { apply } from '../../../lib/graph/tensor.js'
import { along, array, arraysOf, expectAgreement, holds, input, kinds, useBackends } from './support.js'

const opened = useBackends()

describe.each(kinds)('onnx:%s, whole graphs as on the reference', (kind) => {
  it('a comparison is a number to everything but select', async () => {
    const [a, b] = [input([2, 3]), input([2, 3])]
    const less = apply({ tag: 'pointwise', fn: 'less' }, [a, b])
    const uses: readonly Tensor[] = [
      apply({ tag: 'pointwise', fn: 'add' }, [less, a]),
      apply({ tag: 'pointwise', fn: 'equal' }, [less, less]),
      apply({ tag: 'reshape', shape: [6] }, [less]),
      apply({ tag: 'slice', start: [0, 1], limit: [2, 3], stride: [1, 1] }, [less]),
      apply({ tag: 'pad', low: [0, 1], high: [1, 0], interior: [1, 0] }, [less]),
      apply({ tag: 'concat', axis: 0 }, [less, less]),
      apply({ tag: 'concat', axis: 0 }, [less, a]),
      apply({ tag: 'reduceMax', axes: [1] }, [less]),
      apply({ tag: 'topKMask', k: 2 }, [less]),
      apply({ tag: 'unfold', kernel: [1, 2], stride: [1, 1] }, [less]),
      ops.einsum('ij->ji')(less),
      ops.einsum('ij->i')(less),
      ops.einsum('ij,ij->ij')(less, a),
      ops.einsum('ij,kj->ik')(less, a)
    ]
    await holds(arraysOf([a.shape, b.shape]), (values) => expectAgreement(opened(kind), [a, b], uses, values))
  })

  it('a repeated tensor is as good as any', async () => {
    const [a, b] = [input([3]), input([])]
    const wide = along(a, [1], [2, 3])
    const fill = along(b, [], [2, 3])
    const uses = [wide, fill].flatMap((x): Tensor[] => [
      x,
      apply({ tag: 'reshape', shape: [3, 2] }, [x]),
      apply({ tag: 'slice', start: [0, 1], limit: [2, 3], stride: [1, 2] }, [x]),
      apply({ tag: 'pad', low: [0, 1], high: [1, 0], interior: [1, 0] }, [x]),
      apply({ tag: 'concat', axis: 1 }, [x, wide]),
      apply({ tag: 'reduceMax', axes: [0] }, [x]),
      apply({ tag: 'reduceMax', axes: [0, 1] }, [x]),
      apply({ tag: 'topKMask', k: 2 }, [x]),
      apply({ tag: 'unfold', kernel: [2, 2], stride: [1, 1] }, [x]),
      ops.einsum('ij->ji')(x),
      ops.einsum('ij->i')(x),
      ops.einsum('ij->')(x),
      ops.einsum('ij,kj->ik')(x, wide),
      ops.einsum('ij,ij->i')(x, wide)
    ])
    await holds(arraysOf([a.shape, b.shape]), (values) => expectAgreement(opened(kind), [a, b], uses, values))
  })

  it('iota, constants, and outputs that are inputs', async () => {
    const x = input([2, 3])
    const same = apply({ tag: 'constant', value: array([2, 3], [4, 4, 4, 4, 4, 4]) }, [])
    const varied = apply({ tag: 'constant', value: array([2, 3], [1, 2, 3, 4, 5, 6]) }, [])
    const outputs = [
      x,
      apply({ tag: 'iota', shape: [2, 3], axis: 0 }, []),
      apply({ tag: 'iota', shape: [2, 3], axis: 1 }, []),
      same,
      varied,
      apply({ tag: 'pointwise', fn: 'add' }, [same, varied]),
      x,
      apply({ tag: 'constant', value: array([], [-0.5]) }, [])
    ]
    await expectAgreement(opened(kind), [x, input([5])], outputs, [
      array([2, 3], [1, 2, 3, 4, 5, 6]),
      array([5], [0, 0, 0, 0, 0])
    ])
  })
})
