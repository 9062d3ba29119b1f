import { runDraws } from './harness/draws.js'
import { evolutionText, kernelsPicture, linearPicture } from './harness/evolution-report.js'
import { measured, setting, times, warmUps } from './harness/evolution.js'

// How the kernel of a network changes under natural and adversarial training on MNIST, and what it is worth when it is fixed on the way, see
// harness/evolution.ts. A file of draws is added to: `npm run bench:evolution -- --data DIR [--draws N] [--json FILE] [--pictures DIR]`.

await runDraws({
  head: {
    command: 'npm run bench:evolution -- --data DIR --json bench/results/kernel-evolution.json',
    ...setting,
    times,
    warmUps
  },
  measured,
  text: evolutionText,
  pictures: { 'kernel-evolution.svg': kernelsPicture, 'kernel-warm-up.svg': linearPicture }
})
