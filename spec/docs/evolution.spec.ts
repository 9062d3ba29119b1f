import { it } from 'vitest'
import { evolutionText, kernelsPicture, linearPicture } from '../../bench/harness/evolution-report.js'
import { expectSaid } from './draws.js'

it('the page on kernels says of their evolution what its record says: its tables, numbers and figures', () => {
  expectSaid('kernel-evolution.json', evolutionText, {
    'kernel-evolution.svg': kernelsPicture,
    'kernel-warm-up.svg': linearPicture
  })
})
