/**
 * Derivatives of traced functions: a function of trees of tensors goes in, one that computes its gradient, Jacobian or batch
 * comes out, as a graph like any other. Forward mode (`linearize`) pushes tangents through the records of `rules/`; reverse
 * mode (`vjp`) is the same, transposed (`linear.ts`). To add the derivative of a primitive, see `rules/index.ts`.
 */
export { customVjp, stopGradient, straightThrough } from './custom.js'
export { grad, hvp, valueAndGrad } from './grad.js'
export { hessian, jacfwd, type Jacobian, jacrev } from './jacobian.js'
export { jvp, linearize, vjp } from './vjp.js'
export { vmap, type VmapOptions } from './vmap.js'
