import { it } from 'vitest'
import { featuresPicture, featuresText } from '../../bench/harness/features-report.js'
import { expectSaid } from './draws.js'

it('the page on kernels says of features what their record says: its tables, numbers and picture', () => {
  expectSaid('kernel-features.json', featuresText, { 'kernel-features.svg': featuresPicture })
})
