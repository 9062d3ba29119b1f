import { ndarray, ops, resident, spec, type Tensor } from 'tangentflow'
import { describe, expect, it } from 'vitest'
import { right } from '../../support/either.js'
import { openedEngine } from '../../support/opened-engine.js'
import { residentAsCalls } from '../../support/resident.js'

describe('state on the device of onnx:webgpu', () => {
  const engine = openedEngine('onnx:webgpu')
  residentAsCalls(engine, 100)

  it('is kept by sessions of its own, which end with the engine', async () => {
    const step = (state: Tensor, [x, fixed]: readonly [Tensor, Tensor]) =>
      [ops.add(ops.mul(fixed)(x))(state), ops.sum()(state)] as const
    const before = engine().held().sessions!
    const program = right(await resident(engine())(step, [spec([3]), [spec([3]), spec([3])]])())
    const fixed = ndarray.of([3], [1, 2, 3])
    const inputs = [1, 2, 3].map((value) => [ndarray.full([3], value), fixed] as const)
    expect([...right(await program(ndarray.zeros([3]), inputs)()).value[0].data]).toEqual([6, 12, 18])
    // the program, the program whose state stays, and what takes the fixed input to the device
    expect(engine().held().sessions).toBe(before + 3)
    await engine().dispose()
    expect(engine().held().sessions).toBe(0)
    expect(await program(ndarray.zeros([3]), inputs)()).toMatchObject({ left: { _tag: 'EngineError' } })
  })
})

describe('an engine that cannot keep state', () => {
  const engine = openedEngine('onnx:native')
  it('says so', () => expect(engine().resident).toBeUndefined())
  residentAsCalls(engine, 20)
})
