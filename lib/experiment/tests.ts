import { pipe } from 'fp-ts/lib/function.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as attack from '../attack/index.js'
import type { TangentError } from '../core/error.js'
import type { HostKey } from '../core/key.js'
import { count, type Labelled, take } from '../data/index.js'
import type { Runner } from '../graph/runner.js'
import type { Concrete } from '../graph/spec.js'
import type * as nn from '../nn/index.js'
import type { ExperimentRun } from './record.js'
import { places } from './measure.js'
import type { Images } from './data.js'
import type { Choice } from './methods.js'
import type { EvaluationSetting } from './setting.js'

const sampleOf = (size: number, set: Labelled): nn.Dataset => {
  const { x, y } = take(places(0, Math.min(size, count(set))))(set)
  return { x, y }
}

/** The tests of trained parameters. */
export const tested =
  (
    network: nn.Network,
    setting: EvaluationSetting,
    attacks: readonly attack.NamedAttack[],
    { test, image }: Images,
    tell: Choice['tell'],
    stream: (name: 'attack' | 'audit' | 'curve') => HostKey
  ) =>
  (
    params: Concrete<nn.Params>
  ): ReaderTaskEither<Runner, TangentError, Pick<ExperimentRun, 'robustness' | 'audit' | 'overEpsilon'>> =>
  (runner) => {
    const { epsilon, norm = 'linf', batch = 250, audit: audited, epsilons } = setting
    const set = { x: test.x, y: test.y }
    const pgd = { norm, epsilon, steps: 40, relativeStep: 4, keep: 'best', freeze: true } as const
    return pipe(
      TE.Do,
      TE.bind('whole', () =>
        attack.evaluate(network.apply, {
          attacks,
          batch,
          observe: ({ attack: name, done, total, robust }) =>
            tell(name, done, total, `${(100 * robust).toFixed(1)} % stand`)
        })(
          params,
          set,
          stream('attack')
        )(runner)
      ),
      TE.bind('audit', () => {
        if (audited === undefined) return TE.right(undefined)
        const sample = sampleOf(audited, test)
        return pipe(
          attack.audit(network.apply, { epsilon, norm, image, batch })(params, sample, stream('audit'))(
            runner
          ),
          TE.map((found) => ({ ...found, count: sample.y.data.length }))
        )
      }),
      TE.bind('overEpsilon', () =>
        epsilons === undefined
          ? TE.right(undefined)
          : attack.overEpsilon(network.apply, { attack: attack.pgd(pgd), epsilons, batch })(
              params,
              set,
              stream('curve')
            )(runner)
      ),
      TE.map(({ whole, audit, overEpsilon }) => {
        const { count: size, clean, robust, attacks, classes, flags } = whole
        return {
          robustness: { count: size, clean, robust, attacks, classes, flags },
          ...(audit === undefined ? {} : { audit }),
          ...(overEpsilon === undefined ? {} : { overEpsilon })
        }
      })
    )
  }
