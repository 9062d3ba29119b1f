import { fail } from '../../core/error.js'
import { sameShape, showShape } from '../../core/shape.js'
import * as ops from '../../graph/ops/index.js'
import { chain, distribute } from './chain.js'
import { type Covariances, mapEach } from './covariances.js'
import type { Ending, InfiniteLayer } from './layer.js'

const plus = (a: Covariances, b: Covariances): Covariances => {
  if (!sameShape(a.nngp.shape, b.nngp.shape))
    return fail(
      'ShapeError',
      'infinite.sum',
      `branches with a kernel ${showShape(a.nngp.shape)}`,
      showShape(b.nngp.shape)
    )
  const own1 = ops.add(b.own1)(a.own1)
  return {
    ...a,
    nngp: ops.add(b.nngp)(a.nngp),
    ntk: ops.add(b.ntk)(a.ntk),
    own1,
    own2: a.own2 === a.own1 && b.own2 === b.own1 ? own1 : ops.add(b.own2)(a.own2),
    gaussian: a.gaussian && b.gaussian
  }
}

const endingOf = (endings: readonly Ending[]): Ending => {
  if (endings.length === 1) return endings[0]!
  if (endings.every((ending) => ending === 'fresh')) return 'fresh'
  return endings.every((ending) => ending === 'same') ? 'linear' : 'other'
}

/**
 * The sum of branches that all read one input (fan-out and fan-in). Kernels of uncorrelated branches add up; m branches that
 * are the identity are m times the input, whose kernel is m² that of the input. All other branches but one, or all if
 * there is an identity, must end in a dense or convolutional layer of their own, which makes them uncorrelated; another
 * sum is an ArgumentError.
 */
export const sum = (...branches: readonly InfiniteLayer[]): InfiniteLayer => {
  const endings = branches.map(({ ending }) => ending)
  const others = branches.filter(({ ending }) => ending !== 'same')
  const copies = branches.length - others.length
  const correlated = others.filter(({ ending }) => ending !== 'fresh').length + Math.min(copies, 1)
  if (branches.length === 0 || correlated > 1)
    fail(
      'ArgumentError',
      'infinite.sum',
      'branches of which all but one end in dense or conv2d',
      branches.length === 0 ? 'none' : endings.join(', ')
    )
  const bundle = mapEach(ops.scale(copies ** 2))
  return {
    limit: (input) =>
      [...(copies > 0 ? [bundle(input)] : []), ...others.map(({ limit }) => limit(input))].reduce(plus),
    reads: (wanted) => (branches.some(({ reads }) => reads(wanted) === 'full') ? 'full' : 'diagonal'),
    ending: endingOf(endings),
    open: branches.reduce((n, { open }) => n + open, 0),
    finite: (widths) => ({ kind: 'sum', blocks: distribute(branches, widths) })
  }
}

/** x + branch(x), the branch being the layers one after the other: {@link sum} with the identity. */
export const residual = (...layers: readonly InfiniteLayer[]): InfiniteLayer => sum(chain([]), chain(layers))
