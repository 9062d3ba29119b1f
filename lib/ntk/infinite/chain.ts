import type { Block } from './block.js'
import type { Ending, InfiniteLayer } from './layer.js'

/** How what comes next changes what is known. */
const then = (before: Ending, next: Ending): Ending =>
  next === 'same' ? before : next !== 'linear' ? next : before === 'same' ? 'linear' : before

/** Layers one after the other, as one layer. */
export const chain = (layers: readonly InfiniteLayer[]): InfiniteLayer => ({
  limit: (input) => layers.reduce((state, layer) => layer.limit(state), input),
  reads: (wanted) => layers.reduceRight((needed, layer) => layer.reads(needed), wanted),
  ending: layers.reduce<Ending>((known, { ending }) => then(known, ending), 'same'),
  open: layers.reduce((n, { open }) => n + open, 0),
  finite: (widths) => ({ kind: 'chain', blocks: distribute(layers, widths) })
})

/** The finite form of each layer, with its share of the widths. */
export const distribute = (layers: readonly InfiniteLayer[], widths: readonly number[]): readonly Block[] => {
  let next = 0
  return layers.map(({ open, finite }) => finite(widths.slice(next, (next += open))))
}
