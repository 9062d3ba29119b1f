export * as infinite from './infinite/index.js'
export {
  empiricalNtk,
  jacobians,
  type KernelOptions,
  type MaskedOptions,
  type MaskForm,
  type MaskTree,
  ntkVectorProduct,
  relativeDistance
} from './kernel.js'
export { mixedNtk } from './mixed.js'
