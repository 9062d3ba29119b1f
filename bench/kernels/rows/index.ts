/** The rows of the kernel suite: a file for each family of kernels, with its sizes and the peers that compute the same. */
import type { KernelRow } from '../row.js'
import { pointwises } from './pointwise.js'
import { products } from './products.js'
import { reductions, topK } from './reductions.js'
import { windows } from './windows.js'

/** Every row of the kernel suite, family by family. A new row goes into the file of its family. */
export const kernelRows: readonly KernelRow[] = [
  ...products,
  ...pointwises,
  ...reductions,
  ...windows,
  ...topK
]
