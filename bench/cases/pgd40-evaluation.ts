import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import {
  attack,
  type Concrete,
  fold,
  type Key,
  key,
  ndarray,
  nn,
  run,
  type Tensor,
  uniforms,
  withEngine
} from '../../lib/index.js'
import type { Candidate, Case, Outcome } from '../harness/candidate.js'
import { attackProducts } from '../peers/onnxruntime-products.js'
import type { AttackSizes } from '../peers/sizes.js'
import { engineCandidates, type EngineWork, flopsOf } from './engines.js'

// What an evaluation under PGD-40 does with one batch; 10,000 images are 50 such batches.

const sizes: AttackSizes = { batch: 200, inputs: 784, hidden: 1024, classes: 10, steps: 40 }
const { batch, inputs, hidden, classes, steps } = sizes

const network = nn.serial(nn.dense(hidden), nn.relu, nn.dense(classes))
const pgd = attack.pgd({ epsilon: 0.1, steps, stepSize: 0.01 })(network.apply)

type Arguments = [
  params: nn.Params,
  batch: { readonly x: Tensor; readonly y: Tensor; readonly ids: Tensor },
  key: Key
]

const judge = (...[params, images, noise]: Arguments) => {
  const logits = network.apply(params)
  return {
    clean: nn.crossEntropyEach(images.y)(logits(images.x)),
    robust: nn.crossEntropyEach(images.y)(logits(pgd(params, images, noise).x))
  }
}
type Judged = ReturnType<typeof judge>

const argumentsOf = (): Concrete<Arguments> => [
  network.init(fold(0)(key(1)), [inputs]),
  {
    x: ndarray.of([batch, inputs], uniforms(fold(1)(key(1)), batch * inputs)),
    y: ndarray.of(
      [batch],
      uniforms(fold(2)(key(1)), batch).map((u) => Math.floor(u * classes))
    ),
    ids: ndarray.of(
      [batch],
      Float32Array.from({ length: batch }, (_, i) => i)
    )
  },
  fold(3)(key(1))
]

const work: EngineWork<Arguments, Judged> = {
  f: judge,
  args: argumentsOf(),
  outcome: (value): Outcome => value
}

const candidates = (threads: readonly number[]): readonly Candidate[] => {
  const [params, { x }] = argumentsOf()
  const engines = engineCandidates(work)
  const bound = attackProducts(sizes, { x, w0: params[0]!.w!, w2: params[2]!.w! })
  return threads.flatMap((count) => [bound(count), ...engines(count)])
}

export const pgd40EvaluationCase: Case = {
  name: 'pgd40-evaluation',
  title: 'MLP 784-1024-10 under PGD-40, one batch of 200 images, clean and attacked losses',
  reference: pipe(
    withEngine({ require: 'reference' })((engine) => run(engine)(judge)(...argumentsOf())),
    TE.map(({ value }): Outcome => value)
  ),
  // A sign of the attack's gradient that rounding turns moves a pixel by a whole step.
  tolerance: 1e-2,
  flops: () => flopsOf(work),
  candidates,
  comparisons: [{ of: 'onnx:native', to: 'matrix products', sameThreads: true }]
}
