import { describe, expect, it } from 'vitest'
import { attack, evaluateOn, key, ndarray, ops, type Tensor } from 'tangentflow'
import { labelled, small } from './support.js'

const [channels, rows, columns] = [2, 11, 10]
const image: attack.ImageShape = [channels, rows, columns]
const size = channels * rows * columns
const epsilon = 0.7
/** So wide that only the ball counts. */
const box = [-10, 10] as const

const batch = labelled(3, [3, size], 4)
const net = small([size], 4, 2)

/** The perturbation of sample i after some steps of a run of 40, and its loss. */
const points = (steps: number, bounds: attack.Box = box) => {
  const method = attack.squareIteration({ norm: 'l2', epsilon, steps: 40, image, box: bounds })
  const { x, loss } = evaluateOn(attack.iterate({ ...method, steps, keep: 'last', freeze: false })(net))(
    {},
    batch,
    key(1)
  )
  return { offset: x.data.map((v, i) => v - batch.x.data[i]!), loss: [...loss.data] }
}

const sampleOf = (offset: ArrayLike<number>, i: number): readonly number[] =>
  Array.from({ length: size }, (_, at) => offset[i * size + at]!)
const norm = (values: readonly number[]): number => Math.hypot(...values)

/** A bump of `height` × `width` as the authors' code adds it up, rectangle by rectangle, of norm 1. */
const bump = (height: number, width: number): readonly (readonly number[])[] => {
  const [middle, centre] = [Math.floor(height / 2), Math.floor(width / 2)]
  const sums = Array.from({ length: height }, () => new Array<number>(width).fill(0))
  for (let k = 0; k <= Math.max(middle, centre); k++)
    for (let i = Math.max(0, middle - k); i < Math.min(height, middle + k + 1); i++)
      for (let j = Math.max(0, centre - k); j < Math.min(width, centre + k + 1); j++)
        sums[i]![j]! += 1 / (k + 1) ** 2
  const whole = norm(sums.flat())
  return sums.map((row) => row.map((v) => v / whole))
}

/** Two of them above one another, up and down. */
const pattern = (side: number): readonly (readonly number[])[] => {
  const upper = Math.floor(side / 2)
  const both = [
    ...(upper === 0 ? [] : bump(upper, side)),
    ...bump(side - upper, side).map((row) => row.map((v) => -v))
  ]
  const whole = norm(both.flat())
  return both.map((row) => row.map((v) => v / whole))
}

describe('Square in L2', () => {
  it('starts with a grid of bumps, each up or down, upright or lying, that spends all of ε', () => {
    const { offset } = points(0)
    const [side, tiles] = [2, 5 * 5]
    const wanted = pattern(side).map((row) => row.map((v) => (epsilon * v) / Math.sqrt(channels * tiles)))
    const seen = new Set<string>()
    for (let i = 0; i < 3; i++) {
      expect(norm(sampleOf(offset, i))).toBeCloseTo(epsilon, 5)
      for (let c = 0; c < channels; c++)
        for (let top = 0; top + side <= rows - 1; top += side)
          for (let left = 0; left + side <= columns; left += side) {
            const at = (a: number, b: number): number =>
              offset[i * size + c * rows * columns + (top + a) * columns + left + b]!
            const same = (sign: number, lying: boolean): boolean =>
              wanted.every((row, a) =>
                row.every((v, b) => Math.abs((lying ? at(b, a) : at(a, b)) - sign * v) < 1e-6)
              )
            const kind = [1, -1].flatMap((sign) =>
              [false, true].flatMap((lying) => (same(sign, lying) ? [`${sign} ${lying}`] : []))
            )
            expect(kind).toHaveLength(1)
            seen.add(kind[0]!)
          }
    }
    expect(seen.size).toBe(4)
  })

  it('moves norm between two squares, keeps the rest, and always spends all of ε', () => {
    const runs = Array.from({ length: 14 }, (_, steps) => points(steps))
    let [changes, emptied] = [0, 0]
    for (let i = 0; i < 3; i++)
      for (let k = 1; k < runs.length; k++) {
        const best = Math.max(...runs.slice(0, k).map(({ loss }) => loss[i]!))
        const from = sampleOf(runs.find(({ loss }) => loss[i] === best)!.offset, i)
        const to = sampleOf(runs[k]!.offset, i)
        expect(norm(to)).toBeCloseTo(epsilon, 5)
        const places = Array.from({ length: size }, (_, at) => at).filter(
          (at) => Math.abs(from[at]! - to[at]!) > 1e-9
        )
        // the schedule of 40 steps: 0.8 of the image at first, a tenth or less from then on
        const side = k === 1 ? 9 : 3
        const cells = new Set(places.map((at) => at % (rows * columns))).size
        expect(cells).toBeLessThanOrEqual(2 * side * side)
        changes += places.length
        if (cells > side * side) emptied++
      }
    expect(changes).toBeGreaterThan(500)
    // one square alone never reaches so many cells: the other gives its norm up
    expect(emptied).toBeGreaterThan(10)
  })

  it('puts a bump of the side that the step asks for into a square that held nothing', () => {
    // a model that is never improved on: every proposal starts from the first point
    const flat = () => (x: Tensor) =>
      ops.add(ops.constant(ndarray.fromNested([[1, 0, 0, 0]])))(
        ops.scale(0)(ops.sliceAxis(1, 0, 4)(ops.reshape([1, -1])(x)))
      )
    const side = 5
    const plain = attack.squareIteration({ norm: 'l2', epsilon, steps: 40, image: [1, rows, columns], box })
    const bare = attack.iterate({
      ...plain,
      steps: 1,
      keep: 'last',
      freeze: false,
      schedule: () => ({ part: ndarray.scalar((side * side) / (rows * columns)) }),
      start: ({ ball }) => ({
        point: ball.centre,
        state: { accepted: ball.centre, loss: ops.fill(-1e30, [1]) }
      })
    })
    const one = labelled(5, [1, rows * columns], 1)
    const kinds = new Set<string>()
    for (let seed = 0; seed < 12; seed++) {
      const { x } = evaluateOn(bare(flat))({}, one, key(seed))
      const offset = Array.from(x.data, (v, at) => v - one.x.data[at]!)
      const held = offset.flatMap((v, at) => (Math.abs(v) > 1e-9 ? [at] : []))
      expect(held).toHaveLength(side * side)
      const [top, left] = [Math.floor(held[0]! / columns), held[0]! % columns]
      const at = (a: number, b: number): number => offset[(top + a) * columns + left + b]!
      const wanted = pattern(side)
      const kind = [1, -1].flatMap((sign) =>
        [false, true].flatMap((lying) =>
          wanted.every((row, a) =>
            row.every((v, b) => Math.abs((lying ? at(b, a) : at(a, b)) - sign * epsilon * v) < 1e-6)
          )
            ? [`${sign} ${lying}`]
            : []
        )
      )
      expect(kind).toHaveLength(1)
      kinds.add(kind[0]!)
    }
    expect(kinds.size).toBe(4)
  })

  it('spends what the box has cut off in the square that it changes', () => {
    const [first, later] = [points(0, [0, 1]), points(12, [0, 1])]
    for (let i = 0; i < 3; i++) {
      expect(norm(sampleOf(first.offset, i))).toBeLessThan(epsilon)
      expect(norm(sampleOf(later.offset, i))).toBeLessThanOrEqual(epsilon + 1e-6)
    }
  })

  it.each([[[1, 1, 1]], [[1, 2, 7]], [[3, 4, 4]]] as const)('works on images of %j', (shape) => {
    const n = shape[0] * shape[1] * shape[2]
    const few = labelled(4, [2, n], 3)
    const how = attack.square({ norm: 'l2', epsilon: 0.3, steps: 6, image: shape })
    const { x } = evaluateOn(how(small([n], 3)))({}, few, key(2))
    expect([...x.data].every((v) => v >= 0 && v <= 1)).toBe(true)
  })
})
