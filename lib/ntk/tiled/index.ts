/**
 * Kernels too large for one program, on an engine: a model, parameters and examples go in, blocks or the whole kernel come
 * out. tile-plan.ts checks the arguments and chooses blocks that fit the memory, tiled.ts computes them, and writes those
 * below the diagonal of a symmetric kernel from those above.
 */
export { forEachBlock, type KernelBlock, tiled, type TiledOptions, type TileEvent } from './tiled.js'
