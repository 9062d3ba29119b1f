import { runDraws } from './harness/draws.js'
import { featuresPicture, featuresText } from './harness/features-report.js'
import { leading, measured, ranks, setting } from './harness/features.js'

// How useful the features of an infinite network's kernel on MNIST are, and how robust, see harness/features.ts. A file of draws is added
// to: `npm run bench:features -- --data DIR [--draws N] [--json FILE] [--pictures DIR]`.

await runDraws({
  head: {
    command: 'npm run bench:features -- --data DIR --json bench/results/kernel-features.json',
    ...setting,
    ranks,
    leading
  },
  measured,
  text: featuresText,
  pictures: { 'kernel-features.svg': featuresPicture }
})
