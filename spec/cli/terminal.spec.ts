import { describe, expect, it } from 'vitest'
import { display } from '../../lib/cli/terminal.js'

const shown = (
  interactive: boolean
): { text: () => string; tick: (ms: number) => void; view: ReturnType<typeof display> } => {
  let [text, now] = ['', 0]
  const view = display({ out: () => undefined, err: (more) => void (text += more), interactive }, () => now)
  return { text: () => text, tick: (ms) => void (now += ms), view }
}
const at = (phase: string, done: number) => ({ seed: 1, phase, done, total: 8, loss: 0.25 })

describe('display', () => {
  it('draws a bar over itself on a terminal, at most ten times a second', () => {
    const { text, tick, view } = shown(true)
    view.progress(at('searching', 0))()
    tick(50)
    view.progress(at('searching', 1))()
    tick(60)
    view.progress(at('searching', 4))()
    expect(text().split('\r\u001b[K')).toEqual([
      '',
      `${'░'.repeat(24)}   0 %  seed 1  searching  loss 0.250`,
      `${'█'.repeat(12)}${'░'.repeat(12)}  50 %  seed 1  searching  loss 0.250`
    ])
    view.note('done')()
    expect(text().endsWith('\r\u001b[Kdone\n')).toBe(true)
  })

  it('writes one plain line a phase elsewhere', () => {
    const { text, tick, view } = shown(false)
    for (const [phase, done] of [
      ['a', 0],
      ['a', 1],
      ['b', 4],
      ['b', 8]
    ] as const) {
      tick(1000)
      view.progress(at(phase, done))()
    }
    view.clear()
    expect(text()).toBe('seed 1  a (0 % of this seed)\nseed 1  b (50 % of this seed)\n')
  })
})
