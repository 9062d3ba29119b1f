/**
 * Derivatives of traced functions: a function of trees of tensors goes in, one that computes its gradient, Jacobian or batch
 * comes out, as a graph like any other. Forward mode (`linearize`) pushes tangents through the records of `rules/`; reverse
 * mode (`vjp`) is the same, transposed; both are in `linearize.ts`. To add the derivative of a primitive, see `rules/index.ts`.
 */
export { stopGradient } from '../graph/ops/reshape.js'
export { customJvp, customVjp, straightThrough } from './custom-vjp.js'
export { grad, hvp, valueAndGrad } from './grad.js'
export { hessian, jacfwd, type Jacobian, jacrev } from './jacobian.js'
export { jvp, linearize, vjp } from './linearize.js'
export { vmap, type VmapOptions } from './vmap.js'
