import { fail } from '../../core/error.js'
import { barrier } from '../../graph/ops/index.js'
import { columns } from './columns.js'
import type { Rule } from './kernel-problem.js'
import { products } from './products.js'

/**
 * A way to compute a kernel (the first two in the words of Novak, Sohl-Dickstein, Schoenholz, arXiv:2206.08720).
 * `jacobian`: both Jacobians are formed and multiplied; the reference. `vectorProduct`: column by column, a
 * vector–Jacobian and a Jacobian–vector product each. `contracted`: the products of Jacobians as contractions in which
 * the cheapest path is searched for, so that Jacobians are formed only where that is cheapest.
 */
export type Method = 'jacobian' | 'vectorProduct' | 'contracted'

export const methods: { readonly [M in Method]: Rule } = {
  contracted: products((jacobian) => jacobian),
  vectorProduct: columns,
  jacobian: products(barrier)
}

/** All methods, in the order in which they win ties. */
export const methodNames = Object.keys(methods) as readonly Method[]

/** The method of a name; another name is an ArgumentError. */
export const methodOf = (name: Method): Rule =>
  name in methods
    ? methods[name]
    : fail('ArgumentError', 'empiricalNtk', ['auto', ...methodNames].join(', '), name, 'method')
