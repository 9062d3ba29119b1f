import { type Concrete, ndarray, nn } from 'tangentflow'

/**
 * A 2-2-2 network small enough to work by hand: x = (1, 2), W1 = [[1, -1], [1, 1]], W2 = [[2, 0], [1, 3]], no biases, so
 * that pre = h = (3, 1) and f = (7, 3).
 */
export const two: {
  readonly net: nn.Network
  readonly params: Concrete<nn.Params>
  readonly batch: nn.Dataset
} = {
  net: nn.serial(nn.dense(2, { bias: false }), nn.relu, nn.dense(2, { bias: false })),
  params: [
    {
      w: ndarray.fromNested([
        [1, -1],
        [1, 1]
      ])
    },
    {},
    {
      w: ndarray.fromNested([
        [2, 0],
        [1, 3]
      ])
    }
  ],
  batch: { x: ndarray.fromNested([[1, 2]]), y: ndarray.fromNested([0]) }
}
