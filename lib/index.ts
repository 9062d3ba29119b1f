/**
 * The package `tangentflow`: everything in it runs in Node and in a browser. Tensors, derivatives and engines are names of
 * their own (`ops`, `grad`, `withEngine`), listed by the index of their folder; what is built on them is a namespace a folder
 * (`nn`, `attack`, `ntk`, `mask`, `train`). Entry points beside this one: `tangentflow/promise` (the same with promises),
 * `tangentflow/experiment`, `tangentflow/blocks` (kernels that outgrow a process), `tangentflow/io` (Node only), `tangentflow/queue` (Node only, needs bullmq and ioredis) and
 * `tangentflow/laws` (needs fast-check). A new folder gets a line below, or an entry point in package.json where pages do without it.
 *
 * @module tangentflow
 */
export * from './core/index.js'
export * from './graph/index.js'
export * from './diff/index.js'
export * from './engine/index.js'
export { type Cost, optimise } from './optimise/index.js'
export * as attack from './attack/index.js'
export * as checkpoint from './checkpoint/index.js'
export * as data from './data/index.js'
export * as format from './format/index.js'
export * as mask from './mask/index.js'
export * as nn from './nn/index.js'
export * as ntk from './ntk/index.js'
export * as plot from './report/plot/index.js'
export * as train from './train/index.js'
