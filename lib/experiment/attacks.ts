import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as t from 'io-ts'
import * as attack from '../attack/index.js'
import { fail } from '../core/error.js'
import type { HostKey } from '../core/key.js'
import { sizeOf } from '../core/shape.js'
import { count as countOf } from '../data/index.js'
import * as codec from '../format/codec.js'
import type { Effect } from '../graph/runner.js'
import type { Concrete } from '../graph/spec.js'
import * as nn from '../nn/index.js'
import { type Images, part } from './images.js'
import type { OnProgress } from './methods/method.js'
import type { ExperimentRun } from './experiment-record.js'
import { Norm } from './training-setting.js'

const count = codec.whole(1)

/** What the attacks of an evaluation share. */
interface Attacked {
  readonly ball: { readonly norm: attack.Norm; readonly epsilon: number }
  /** The shape of an image, where there are more pixels than one. */
  readonly image: attack.ImageShape | undefined
  readonly classes: number
}

const times = (restarts: number): string => (restarts === 1 ? '' : ` × ${restarts}`)

const attacks = codec.tagged<(on: Attacked) => attack.NamedAttack>()({
  fgsm: codec.variant('fgsm', {}, {}, () => ({ ball }) => ({ name: 'FGSM', attack: attack.fgsm(ball) })),
  noise: codec.variant(
    'noise',
    {
      /** How many random points are tried. */
      samples: count
    },
    {},
    ({ samples }) =>
      ({ ball }) => ({
        name: `noise × ${samples}`,
        kind: 'noise',
        attack: attack.noise({ ...ball, samples })
      })
  ),
  pgd: codec.variant(
    'pgd',
    {
      /** How many steps are taken. */
      steps: count,
      /** The step size in units of ε / steps. */
      relativeStep: codec.atLeast(0)
    },
    {
      /** From how many starts. @defaultValue 1 */
      restarts: count
    },
    ({ steps, relativeStep, restarts = 1 }) =>
      ({ ball }) => ({
        name: `PGD-${steps}${times(restarts)}`,
        attack: attack.pgd({ ...ball, steps, relativeStep, restarts, keep: 'best', freeze: true })
      })
  ),
  apgd: codec.variant(
    'apgd',
    {
      /** How many steps are taken. */
      steps: count
    },
    {
      /** From how many starts. @defaultValue 1 */
      restarts: count,
      /** Cross-entropy or the difference of logits ratio. @defaultValue `ce` */
      loss: codec.oneOf(['ce', 'dlr'])
    },
    ({ steps, restarts = 1, loss = 'ce' }) =>
      ({ ball }) => ({
        name: `APGD-${loss.toUpperCase()}-${steps}${times(restarts)}`,
        attack: attack.apgd({
          ...ball,
          steps,
          restarts,
          loss: loss === 'ce' ? nn.crossEntropyEach : nn.dlr
        })
      })
  ),
  'apgd-t': codec.variant(
    'apgd-t',
    {
      /** How many steps are taken for each target. */
      steps: count
    },
    {
      /** How many classes are tried as targets. @defaultValue 9, or all others */
      targets: count
    },
    ({ steps, targets }) =>
      ({ ball, classes }) => ({
        name: `APGD-T-${steps}`,
        attack: attack.apgdT({ ...ball, steps, targets: targets ?? Math.min(9, classes - 1) })
      })
  ),
  square: codec.variant(
    'square',
    {
      /** How many proposals are tried. */
      steps: count
    },
    {},
    ({ steps }) =>
      ({ ball: { norm, epsilon }, image }) => ({
        name: `Square-${steps}`,
        kind: 'black box',
        attack: attack.square({
          norm:
            norm === 'l1'
              ? fail('ConfigError', 'experiment', 'attacks that know L1', 'square', 'evaluation.attacks')
              : norm,
          epsilon,
          steps,
          ...(image && { image })
        })
      })
  )
})

/**
 * How trained parameters are evaluated: the attacks follow one another; `audit` is the number of examples on which signs of
 * masked gradients are looked for, `epsilons` are the radii of a curve. A new attack is a row of the table above.
 */
export const EvaluationSetting = codec.closed(
  {
    /** The radius of the attacks, pixels being in [0, 1]. */
    epsilon: codec.atLeast(0),
    /** The attacks, in their order. */
    attacks: codec.some(attacks.codec)
  },
  {
    /** The norm of the ball. @defaultValue `linf` */
    norm: Norm,
    /** Examples a program call. */
    batch: count,
    /** On how many examples signs of masked gradients are looked for. */
    audit: count,
    /** The radii of a curve of robust accuracy. */
    epsilons: t.readonlyArray(codec.atLeast(0))
  }
)
export type EvaluationSetting = t.TypeOf<typeof EvaluationSetting>

/** The attacks of an evaluation on such images. */
export const attacksOf = (
  { epsilon, norm = 'linf', attacks: settings }: EvaluationSetting,
  { image, train: { classes } }: Images
): readonly attack.NamedAttack[] =>
  settings.map((setting) =>
    attacks.build(setting)({ ball: { epsilon, norm }, image: sizeOf(image) > 1 ? image : undefined, classes })
  )

/** What an evaluation needs beside its setting and parameters. */
export interface EvaluationInput {
  readonly network: nn.Network
  readonly attacks: readonly attack.NamedAttack[]
  readonly images: Images
  readonly stream: (name: 'attack' | 'audit' | 'curve') => HostKey
  readonly onProgress: OnProgress
}

/** Evaluates trained parameters on the test images: under all attacks and, where asked for, the audit and the curve over ε. */
export const evaluated =
  (
    { epsilon, norm = 'linf', batch = 250, audit, epsilons }: EvaluationSetting,
    { network, attacks: named, images: { test, image }, stream, onProgress }: EvaluationInput
  ) =>
  (params: Concrete<nn.Params>): Effect<Pick<ExperimentRun, 'robustness' | 'audit' | 'overEpsilon'>> => {
    const set = { x: test.x, y: test.y }
    return pipe(
      attack.evaluate(network.apply, {
        attacks: named,
        batch,
        observe: ({ attack: name, done, total, robust }) =>
          onProgress(name, done, total, `${(100 * robust).toFixed(1)} % robust`)
      })(params, set, stream('attack')),
      RTE.map(({ count: size, clean, robust, attacks: each, classes, flags }) => ({
        robustness: { count: size, clean, robust, attacks: each, classes, flags }
      })),
      RTE.bind('audited', () => {
        if (audit === undefined) return RTE.of({})
        const { x, y } = part(0, Math.min(audit, countOf(test)))(test)
        return pipe(
          attack.audit(network.apply, { epsilon, norm, image, batch })(params, { x, y }, stream('audit')),
          RTE.map((found) => ({ audit: { ...found, count: y.data.length } }))
        )
      }),
      RTE.bind('curve', () => {
        if (epsilons === undefined) return RTE.of({})
        const pgd = attack.pgd({ norm, epsilon, steps: 40, relativeStep: 4, keep: 'best', freeze: true })
        return pipe(
          attack.overEpsilon(network.apply, { attack: pgd, epsilons, batch })(params, set, stream('curve')),
          RTE.map((overEpsilon) => ({ overEpsilon }))
        )
      }),
      RTE.map(({ robustness, audited, curve }) => ({ robustness, ...audited, ...curve }))
    )
  }
