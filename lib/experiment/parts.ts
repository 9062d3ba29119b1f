import * as attack from '../attack/index.js'
import { fail } from '../core/error.js'
import { sizeOf } from '../core/shape.js'
import { type Labelled, moments } from '../data/index.js'
import type { Tensor } from '../graph/tensor.js'
import * as nn from '../nn/index.js'
import * as train from '../train/index.js'
import type {
  EvaluationSetting,
  NetworkSetting,
  OptimiserSetting,
  ScheduleSetting,
  TestAttack,
  TrainingAttack,
  TrainingSetting
} from './setting.js'

// What the words of an experiment stand for.

const plainOf = (setting: NetworkSetting, classes: number): nn.Network => {
  const { kind: _kind, standardise: _standardise, ...options } = setting
  return setting.kind === 'mlp'
    ? nn.serial(
        ...setting.hidden.flatMap((width) => [nn.dense(width, options), nn.relu]),
        nn.dense(classes, options)
      )
    : nn[setting.kind]({ classes, ...options })
}

/** The network of an experiment for its training images. */
export const networkOf = (setting: NetworkSetting, images: Labelled): nn.Network => {
  const plain = plainOf(setting, images.classes)
  if (setting.standardise !== true) return plain
  const { mean, deviation } = moments(images)
  return nn.serial(nn.standardise(mean, deviation), ...plain.layers)
}

const scheduleOf = (setting: ScheduleSetting): ReturnType<typeof train.schedule.cosine> => {
  switch (setting.kind) {
    case 'constant':
      return train.schedule.constant(setting.rate)
    case 'cosine':
      return train.schedule.warmUp(setting.warmUp ?? 0, train.schedule.cosine(setting.rate))
    case 'one-cycle':
      return train.schedule.oneCycle(setting.rate, setting.summit)
    case 'steps':
      return train.schedule.steps(setting.rate, setting.at, setting.factor)
  }
}

const optimiserOf = (setting: OptimiserSetting): train.Optimiser =>
  setting.kind === 'adam' ? train.adam() : train.momentum(setting.decay)

/** The attack of a training as it is at its end, for validation; none where there is none. */
export const lastAttackOf = (setting: TrainingAttack | undefined): attack.Attack => {
  if (setting === undefined) return attack.none
  if (setting.kind === 'fgsm-rs')
    return attack.pgd({ epsilon: setting.epsilon, steps: 10, relativeStep: 2.5 })
  const { epsilon, steps, relativeStep, norm = 'linf' } = setting
  return attack.pgd({ norm, epsilon, steps, relativeStep })
}

/** What a training lowers. */
const objectiveOf = (setting: TrainingAttack | undefined): Pick<train.FitOptions, 'attack' | 'objective'> => {
  if (setting === undefined) return {}
  switch (setting.kind) {
    case 'fgsm-rs':
      return { attack: train.fgsmRs({ epsilon: setting.epsilon }) }
    case 'trades': {
      const { epsilon, steps, relativeStep, norm = 'linf', beta } = setting
      return {
        objective: train.trades({
          beta,
          attack: (loss) => attack.pgd({ norm, epsilon, steps, relativeStep, loss })
        })
      }
    }
    case 'pgd': {
      const { epsilon, steps, relativeStep, norm = 'linf', warmUp, clean = 0 } = setting
      const at = (level: number | Tensor): attack.Attack =>
        train.mixed(clean)(attack.pgd({ norm, epsilon: level, steps, relativeStep }))
      return {
        attack:
          warmUp === undefined ? at(epsilon) : { schedule: train.schedule.linear(0, epsilon, warmUp), at }
      }
    }
  }
}

/** A training of so many epochs, from a schedule of its own. */
export const fitOf = (
  { batch, optimiser, schedule, attack: against }: TrainingSetting,
  epochs: number
): train.FitOptions => ({
  epochs,
  batch,
  optimiser: optimiserOf(optimiser),
  schedule: scheduleOf(schedule),
  ...objectiveOf(against)
})

const namedAttack = (
  setting: TestAttack,
  ball: { readonly epsilon: number; readonly norm: attack.Norm },
  image: attack.ImageShape | undefined,
  classes: number
): attack.NamedAttack => {
  switch (setting.kind) {
    case 'fgsm':
      return { name: 'FGSM', attack: attack.fgsm(ball) }
    case 'noise':
      return {
        name: `noise × ${setting.samples}`,
        kind: 'noise',
        attack: attack.noise({ ...ball, samples: setting.samples })
      }
    case 'pgd': {
      const { steps, relativeStep, restarts = 1 } = setting
      return {
        name: restarts === 1 ? `PGD-${steps}` : `PGD-${steps} × ${restarts}`,
        attack: attack.pgd({ ...ball, steps, relativeStep, restarts, keep: 'best', freeze: true })
      }
    }
    case 'apgd': {
      const { steps, restarts = 1, loss = 'ce' } = setting
      return {
        name: `APGD-${loss.toUpperCase()}-${steps}${restarts === 1 ? '' : ` × ${restarts}`}`,
        attack: attack.apgd({
          ...ball,
          steps,
          restarts,
          loss: loss === 'ce' ? nn.crossEntropyEach : nn.dlr
        })
      }
    }
    case 'apgd-t': {
      const { steps, targets = Math.min(9, classes - 1) } = setting
      return { name: `APGD-T-${steps}`, attack: attack.apgdT({ ...ball, steps, targets }) }
    }
    case 'square': {
      const { epsilon, norm } = ball
      return {
        name: `Square-${setting.steps}`,
        kind: 'black box',
        attack: attack.square({
          norm:
            norm === 'l1'
              ? fail('ConfigError', 'experiment', 'attacks that know L1', 'square', 'evaluation.attacks')
              : norm,
          epsilon,
          steps: setting.steps,
          ...(image === undefined ? {} : { image })
        })
      }
    }
  }
}

/** The attacks of an evaluation. */
export const attacksOf = (
  { epsilon, norm = 'linf', attacks }: EvaluationSetting,
  image: attack.ImageShape,
  classes: number
): readonly attack.NamedAttack[] =>
  attacks.map((one) => namedAttack(one, { epsilon, norm }, sizeOf(image) > 1 ? image : undefined, classes))
