import { type Concrete, ndarray, nn } from 'tangentflow'

/** A network worked by hand. */
interface Worked {
  readonly net: nn.Network
  readonly params: Concrete<nn.Params>
  readonly batch: nn.Dataset
}

/**
 * A 2-2-2 network small enough to work by hand: x = (1, 2), W1 = [[1, -1], [1, 1]], W2 = [[2, 0], [1, 3]], no biases, so
 * that pre = h = (3, 1) and f = (7, 3).
 */
export const two: Worked = {
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

/** The same with biases b1 = (1, 1), b2 = (−1, 1), so that pre = h = (4, 2) and f = (9, 7). */
export const twoBiased: Worked = {
  net: nn.serial(nn.dense(2), nn.relu, nn.dense(2)),
  params: [
    { ...two.params[0], b: ndarray.fromNested([1, 1]) },
    {},
    { ...two.params[2], b: ndarray.fromNested([-1, 1]) }
  ],
  batch: two.batch
}
