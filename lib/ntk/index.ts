/**
 * Neural tangent kernels: empirical/ computes Θ of a finite network, as a traced function or block by block on an engine,
 * infinite/ at infinite width; spectrum/ says what a concrete kernel shows, and predict/ how training moves outputs by it.
 * Models and arrays go in; kernels, measures and predictions come out. To add a method of the finite kernel, a layer of the infinite one or a
 * measure of a kernel, see the index of its folder.
 */
export * from './empirical/index.js'
export * as infinite from './infinite/index.js'
export * from './predict/index.js'
export * from './spectrum/index.js'
