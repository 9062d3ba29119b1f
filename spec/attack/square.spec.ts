import { describe, expect, it } from 'vitest'
import { attack, evaluateOn, key } from 'tangentflow'
import { labelled, small } from './support.js'

const classes = 4

describe('Square', () => {
  const image: attack.ImageShape = [2, 6, 5]
  const start = 3
  const flat = labelled(start, [3, 60], classes)
  const net = small([60], classes, 2)
  const points = (steps: number) =>
    evaluateOn(
      attack.iterate({
        ...attack.squareIteration({ epsilon: 0.1, steps: 40, image }),
        steps,
        keep: 'last',
        freeze: false
      })(net)
    )({}, flat, key(1))

  it('starts with vertical stripes of ±ε, one sign for each column and channel', () => {
    const { x } = points(0)
    for (let i = 0; i < 3; i++)
      for (let c = 0; c < 2; c++)
        for (let column = 0; column < 5; column++) {
          const signs = Array.from({ length: 6 }, (_, row) => {
            const at = i * 60 + c * 30 + row * 5 + column
            return { moved: x.data[at]! - flat.x.data[at]!, wanted: x.data[at]! }
          })
          const up = signs.every(
            ({ moved, wanted }) => Math.abs(moved - 0.1) < 1e-6 || (wanted === 1 && moved >= 0)
          )
          const down = signs.every(
            ({ moved, wanted }) => Math.abs(moved + 0.1) < 1e-6 || (wanted === 0 && moved <= 0)
          )
          expect(up || down).toBe(true)
        }
  })

  it('changes one rectangle of the accepted point at a time, and its loss never falls', () => {
    const runs = Array.from({ length: 12 }, (_, steps) => points(steps))
    const best = runs.map((_, k) => Math.max(...runs.slice(0, k + 1).map(({ loss }) => loss.data[0]!)))
    let found = 0
    for (let k = 1; k < runs.length; k++) {
      // the point whose loss is the largest so far is the one that the proposal changed
      const from = runs.findIndex(({ loss }) => loss.data[0] === best[k - 1])
      const changed = Array.from({ length: 60 }, (_, at) => at).filter(
        (at) => runs[k]!.x.data[at] !== runs[from]!.x.data[at]
      )
      const place = changed.map((at) => [Math.floor((at % 30) / 5), at % 5] as const)
      const [down, across] = [0, 1].map((axis) => place.map((p) => p[axis]!)) as [number[], number[]]
      // the schedule of 40 steps: 0.8 of the image at first, a tenth, and then a twentieth or less
      const side = k === 1 ? 5 : 2
      for (const axis of [down, across])
        expect(Math.max(...axis, 0) - Math.min(...axis, 9)).toBeLessThan(side)
      found += changed.length
    }
    expect(found).toBeGreaterThan(10)
    const method = attack.squareIteration({ epsilon: 0.1, steps: 40, image })
    const whole = attack.iterate({ ...method, steps: runs.length - 1, freeze: false })
    const { loss, success } = evaluateOn(whole(net))({}, flat, key(1))
    expect(success.data[0]).toBe(runs.some((run) => run.success.data[0] === 1) ? 1 : 0)
    expect(loss.data[0]).toBe(best.at(-1))
  })
})
