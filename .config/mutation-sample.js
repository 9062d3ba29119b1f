// A plugin of Stryker, which has no sampling of its own: of the mutants of a run it lets MUTANTS through, chosen by SEED.
import { createHash } from 'node:crypto'
import { relative } from 'node:path'

/** The ids of the mutants in an order that the seed decides and that lines which move do not change. */
const shuffled = (mutants, seed) => {
  const seen = new Map()
  const ranked = mutants.map(({ id, fileName, mutatorName, replacement }) => {
    const name = JSON.stringify([seed, relative('', fileName), mutatorName, replacement])
    const place = seen.get(name) ?? 0
    seen.set(name, place + 1)
    return [createHash('sha256').update(`${name}${place}`).digest('hex'), id]
  })
  return ranked.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, id]) => id)
}

const sample = () => {
  let chosen = new Set()
  return {
    init: () => Promise.resolve(),
    // Stryker asks for groups once, with every mutant that it would run.
    group: (mutants) => {
      const ids = shuffled(mutants, process.env.SEED)
      chosen = new Set(ids.slice(0, Number(process.env.MUTANTS)))
      return Promise.resolve([ids])
    },
    check: (mutants) =>
      Promise.resolve(
        Object.fromEntries(
          mutants.map(({ id }) => [
            id,
            chosen.has(id) ? { status: 'passed' } : { status: 'compileError', reason: 'not in the sample' }
          ])
        )
      )
  }
}

export const strykerPlugins = [{ kind: 'Checker', name: 'sample', factory: sample }]
