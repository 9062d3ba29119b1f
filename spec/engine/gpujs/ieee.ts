import type { KernelBackend } from '../../../kernels/kernel.js'

/** Whether numbers below 2⁻¹²⁶ are computed with, rather than taken to be 0. */
export const keepsDenormals = (mode: KernelBackend): boolean => mode === 'webasm' || mode === 'cpu'
