import { describe, expect, it } from 'vitest'
import { display } from '../../lib/cli/terminal.js'

const shown = (
  interactive: boolean
): { text: () => string; tick: (ms: number) => void; view: ReturnType<typeof display> } => {
  let [text, now] = ['', 0]
  const view = display({ out: () => undefined, err: (more) => void (text += more), interactive }, () => now)
  return { text: () => text, tick: (ms) => void (now += ms), view }
}
const at = (phase: string, done: number) => ({
  run: 'snip-seed1',
  phase,
  done,
  total: 8,
  note: 'loss 0.250',
  runs: { done: 0, total: 1 }
})
const finished = {
  run: 'snip-seed1',
  phase: 'finished',
  done: 1,
  total: 1,
  note: '80.0 % robust',
  runs: { done: 1, total: 1 }
}

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

  it('draws no line on all where runs are counted one by one, as those of a worker', () => {
    const { text, view } = shown(true)
    for (const run of ['a', 'b']) view.progress({ ...at('training', 0), run, runs: { done: 0, total: 1 } })()
    expect(text().split('\r\u001b[K').at(-1)!.split('\n')).toHaveLength(2)
  })

  it('draws a bar for each run that goes on, and one line on all of them', () => {
    let [text, now] = ['', 0]
    const view = display(
      { out: () => undefined, err: (more) => void (text += more), interactive: true, columns: () => 60 },
      () => now
    )
    const of = (run: string, done: number, runs: number) => ({
      run,
      phase: 'training',
      done,
      total: 8,
      note: 'loss 0.250, and more than a line has room for',
      runs: { done: runs, total: 6 }
    })
    view.progress(of('a', 0, 2))()
    view.progress(of('b', 4, 2))()
    const up = '\u001b[2A\r\u001b[J'
    const bars = text.split('\r\u001b[K').at(-1)!.split('\n')
    expect(bars.map((bar) => bar.length)).toEqual([59, 59, 8])
    expect([bars[1]!.includes('50 %  b  training  4/8'), bars[2]]).toEqual([true, '2/6 runs'])

    text = ''
    now = 60_000
    view.progress({ ...of('a', 8, 3), phase: 'finished', note: '90 % robust' })()
    // a run in a minute, three to go: the one that goes on has a bar, and nothing else is drawn
    expect(text.startsWith(`${up}a  90 % robust  (3/6 runs, 3 min left)\n`)).toBe(true)
    expect(text.split('\n')[1]).toMatch(/^█{12}░{12} {2}50 % {2}b {2}training/)
    view.progress({ ...of('b', 8, 3), phase: 'failed', note: 'DataError' })()
    view.clear()
    expect(text.endsWith('b  DataError  (3/6 runs, 3 min left)\n\r\u001b[K')).toBe(true)
  })
})
