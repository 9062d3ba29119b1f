import { expect, it } from 'vitest'
import { withEngine } from 'tangentflow'
import * as experiment from 'tangentflow/experiment'
import { smallTraining } from '../../support/small-training.js'

it('a ticket refuses to match a kernel along a training that is shorter', async () => {
  const setting: experiment.Experiment = {
    name: 'small',
    data: { set: 'digits', validation: 0, train: 100, test: 60 },
    network: { kind: 'mlp', hidden: [16] },
    seeds: [0],
    methods: [{ kind: 'ticket', steps: 3, batch: 8, along: [1000] }],
    densities: [0.5],
    training: smallTraining,
    evaluation: { epsilon: 0.05, attacks: [{ kind: 'fgsm' }] }
  }
  expect(await experiment.run(setting, {})(withEngine())()).toMatchObject({
    left: { _tag: 'ConfigError', received: '1000' }
  })
})
