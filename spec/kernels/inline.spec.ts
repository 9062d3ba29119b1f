import { describe, expect, it } from 'vitest'
import { inlined, type Line } from '../../kernels/inline.js'

const line = (text: string): Line => ({ text })
const operand = (name: string, text: string): Line => ({
  text: `let ${name} = ${text};`,
  operand: { name, text }
})

describe('statements', () => {
  it('lose a name that is used once, and those within it', () => {
    const lines = [
      operand('f0', 'a0[i1]'),
      operand('f1', '(f0 + 1)'),
      line('let f2 = Math.exp(f1);'),
      line('return f2;')
    ]
    expect(inlined(lines)).toEqual(['let f2 = Math.exp((a0[i1] + 1));', 'return f2;'])
  })

  it('keep a name that is used twice, or not at all', () => {
    const lines = [operand('f1', 'a0[i1]'), operand('f2', 'a1[i1]'), line('return (f1 * f1);')]
    expect(inlined(lines)).toEqual(['let f1 = a0[i1];', 'let f2 = a1[i1];', 'return (f1 * f1);'])
  })

  it('keep a name whose only use is in another body, so that nothing is computed again at every turn', () => {
    const lines = [
      operand('f1', 'a0[i1]'),
      line('for (let s = 0; s < 4; s++) {'),
      operand('f2', 'a1[i2]'),
      line('acc0 = acc0 + (f1 * f2);'),
      operand('f3', 'a2[i2]'),
      line('}'),
      line('return (acc0 + f3);')
    ]
    expect(inlined(lines)).toEqual([
      'let f1 = a0[i1];',
      'for (let s = 0; s < 4; s++) {',
      'acc0 = acc0 + (f1 * a1[i2]);',
      'let f3 = a2[i2];',
      '}',
      'return (acc0 + f3);'
    ])
  })

  it('keep the names that a choice is between', () => {
    const lines = [operand('f0', 'a0[i1]'), operand('f1', '(f0 + 1)'), line('return ((f0 < 2) ? f1 : 0);')]
    expect(inlined(lines)).toEqual(['let f0 = a0[i1];', 'let f1 = (f0 + 1);', 'return ((f0 < 2) ? f1 : 0);'])
    expect(inlined([operand('f0', 'a0[i1]'), line('return ((f0 < 2) ? 1 : 0);')])).toEqual([
      'return ((a0[i1] < 2) ? 1 : 0);'
    ])
  })

  it('never grow long, so that no expression nests deep', () => {
    const depth = 300
    const lines = [
      operand('f0', 'a0[i0]'),
      ...Array.from({ length: depth }, (_, i) => operand(`f${i + 1}`, `(f${i} + 0.5)`)),
      line(`return f${depth};`)
    ]
    const texts = inlined(lines)
    expect(Math.max(...texts.map((text) => text.length))).toBeLessThan(150)
    expect(texts.length).toBeLessThan(depth / 4)
  })
})
