import { describe, expect, it } from 'vitest'
import { data } from 'tangentflow'
import { right } from '../support/either.js'

describe('CIFAR-10', () => {
  const record = (label: number, shade: number): number[] => [label, ...new Array<number>(3072).fill(shade)]

  it('gives labels and planes', () => {
    const bytes = Uint8Array.from([...record(6, 255), ...record(9, 51)])
    bytes[1 + 1024] = 0
    const { x, y, classes } = right(data.cifar10(bytes))
    expect([x.shape, [...y.data], classes]).toEqual([[2, 3072], [6, 9], 10])
    expect([x.data[0], x.data[1024], x.data[3072]]).toEqual([1, 0, Math.fround(0.2)])
  })

  it('refuses a part of a record, nothing, and a label above 9', () => {
    const bytes = Uint8Array.from(record(1, 0))
    for (const wrong of [bytes.subarray(1), new Uint8Array(0)])
      expect(data.cifar10(wrong)).toMatchObject({
        left: { expected: 'a multiple of 3073 bytes, at least one' }
      })
    expect(data.cifar10(Uint8Array.from([...record(1, 0), ...record(10, 0)]))).toMatchObject({
      left: { received: '10', where: 'record 1' }
    })
  })
})
