import { describe, expect, it } from 'vitest'
import { display } from '../../lib/cli/terminal.js'

const shown = (
  interactive: boolean
): { text: () => string; tick: (ms: number) => void; view: ReturnType<typeof display> } => {
  let [text, now] = ['', 0]
  const view = display({ out: () => undefined, err: (more) => void (text += more), interactive }, () => now)
  return { text: () => text, tick: (ms) => void (now += ms), view }
}
const at = (phase: string, done: number) => ({ run: 'snip-seed1', phase, done, total: 8, note: 'loss 0.250' })
const finished = { run: 'snip-seed1', phase: 'finished', done: 1, total: 1, note: '80.0 % robust' }

describe('display', () => {
  it('draws a bar over itself on a terminal, at most ten times a second', () => {
    const { text, tick, view } = shown(true)
    view.progress(at('search', 0))()
    tick(50)
    view.progress(at('search', 1))()
    tick(60)
    view.progress(at('search', 4))()
    expect(text().split('\r\u001b[K')).toEqual([
      '',
      `${'░'.repeat(24)}   0 %  snip-seed1  search  0/8  loss 0.250`,
      `${'█'.repeat(12)}${'░'.repeat(12)}  50 %  snip-seed1  search  4/8  loss 0.250`
    ])
    view.note('done')()
    expect(text().endsWith('\r\u001b[Kdone\n')).toBe(true)
    view.progress(finished)()
    expect(text().endsWith('\r\u001b[Ksnip-seed1  80.0 % robust\n')).toBe(true)
  })

  it('writes a plain line at both ends of a phase elsewhere, and every ten seconds', () => {
    const { text, tick, view } = shown(false)
    for (const [phase, done, wait] of [
      ['a', 0, 0],
      ['a', 1, 1000],
      ['a', 2, 9000],
      ['b', 4, 1000],
      ['b', 8, 1000]
    ] as const) {
      tick(wait)
      view.progress(at(phase, done))()
    }
    view.clear()
    view.progress(finished)()
    expect(text().split('\n')).toEqual([
      'snip-seed1  a  0/8  loss 0.250',
      'snip-seed1  a  2/8  loss 0.250  30 s left',
      'snip-seed1  b  4/8  loss 0.250',
      'snip-seed1  b  8/8  loss 0.250',
      'snip-seed1  80.0 % robust',
      ''
    ])
  })

  it('says how long the phase takes at the pace since it began, where a second of it has passed', () => {
    const { text, tick, view } = shown(true)
    for (const [phase, done, wait] of [
      ['a', 2, 0],
      ['a', 3, 999],
      ['a', 4, 1001],
      ['a', 5, 598_000],
      ['b', 0, 0],
      ['b', 1, 3_600_000],
      ['b', 8, 100]
    ] as const) {
      tick(wait)
      view.progress(at(phase, done))()
    }
    expect(
      text()
        .split('loss 0.250')
        .map((part) => part.split('\r')[0])
    ).toEqual(['', '', '', '  4 s left', '  10 min left', '', '  7 h 0 min left', ''])
  })
})
