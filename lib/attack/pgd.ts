import { pipe } from 'fp-ts/lib/function.js'
import { fail } from '../core/error.js'
import { vjp } from '../diff/index.js'
import { fold, type Key } from '../graph/key.js'
import * as ops from '../graph/ops/index.js'
import * as random from '../graph/random.js'
import type { Tensor } from '../graph/tensor.js'
import type { Attack, Batch } from '../nn/batch.js'
import { crossEntropyEach, margin } from '../nn/loss.js'
import type { AttackLoss } from './attack.js'
import { type Box, checkBall, linf, type LinfOptions } from './ball.js'

/** Projected gradient descent in an L∞ ball. */
export interface PgdOptions extends LinfOptions {
  readonly norm?: 'linf'
  /** Gradient steps; a whole number, 0 leaves the starting point. */
  readonly steps: number
  /** How far one step moves each feature; it does not depend on `steps`. */
  readonly stepSize: number
  /** Whether to start at a uniform point of the ball; true unless given. Noise follows `batch.ids` if there are any. */
  readonly randomStart?: boolean
  /** Starting points; the worst result of each sample is kept. 1 unless given. */
  readonly restarts?: number
  /**
   * Which point of a run is its result: the `last` one, as adversarial training uses it (the default), or the `best`
   * of all, ordered by success, then loss, as an evaluation wants it.
   */
  readonly keep?: 'last' | 'best'
  /** What is raised; `nn.crossEntropyEach` unless given. */
  readonly loss?: AttackLoss
  readonly box?: Box
}

/** A point of the ball and how well it does, for each example. */
interface Candidate {
  readonly x: Tensor
  /** 1 where the example is misclassified. */
  readonly broken: Tensor
  readonly loss: Tensor
}

const check = (options: PgdOptions): void => {
  checkBall('attack.pgd', options)
  const { steps, stepSize, restarts = 1 } = options
  if (!(Number.isInteger(steps) && steps >= 0))
    fail('ArgumentError', 'attack.pgd', 'a whole number of steps', `${steps}`, 'steps')
  if (!(Number.isFinite(stepSize) && stepSize >= 0)) {
    fail('ArgumentError', 'attack.pgd', 'a finite step of at least 0', `${stepSize}`, 'stepSize')
  }
  if (!(Number.isInteger(restarts) && restarts >= 1)) {
    fail('ArgumentError', 'attack.pgd', 'at least one start', `${restarts}`, 'restarts')
  }
}

/** A vector [n] as [n, 1, …], to go with a batch of the given rank. */
const alongBatch =
  (rank: number) =>
  (v: Tensor): Tensor =>
    ops.reshape([v.shape[0]!, ...new Array<number>(rank - 1).fill(1)])(v)

/** The worse of two candidates for the model, sample by sample; the first at a tie. */
const worse = (a: Candidate, b: Candidate): Candidate => {
  const further = ops.mul(ops.equal(a.broken)(b.broken))(ops.greater(a.loss)(b.loss))
  const takeB = ops.max(further)(ops.greater(a.broken)(b.broken))
  return {
    x: ops.select(alongBatch(a.x.shape.length)(takeB))(b.x, a.x),
    broken: ops.select(takeB)(b.broken, a.broken),
    loss: ops.select(takeB)(b.loss, a.loss)
  }
}

/**
 * Projected gradient descent (Madry et al., arXiv:1706.06083): x ← Π(x + α sign ∇ℓ), all steps unrolled into the
 * traced program. Results lie in ball ∩ box; with ε = 0 they are the inputs. Bad options are an ArgumentError when
 * the function is traced.
 *
 * @example
 * import assert from 'node:assert'
 * import { attack, evaluateOn, key, ndarray, nn } from 'tangentflow'
 *
 * const net = nn.serial(nn.dense(4), nn.relu, nn.dense(3))
 * const robust = attack.pgd({ epsilon: 0.1, steps: 3, stepSize: 0.05 })(net.apply)
 * const x = ndarray.full([2, 5], 0.5)
 * const adversarial = evaluateOn(robust)(net.init(key(0), [5]), { x, y: ndarray.of([2], [0, 2]) }, key(1)).x
 * assert.ok(adversarial.data.every((v) => Math.abs(v - 0.5) <= 0.1 + 1e-9))
 */
export const pgd =
  (options: PgdOptions): Attack =>
  (model) =>
  (params, batch, key) => {
    check(options)
    const { epsilon, steps, stepSize, randomStart = true, restarts = 1, keep = 'last' } = options
    const logits = model(params)
    const objective = (options.loss ?? crossEntropyEach)(batch.y)
    const x = ops.stopGradient(batch.x)
    const project = linf(options)(x)

    const judge = (point: Tensor): Candidate => {
      const z = logits(point)
      return { x: point, broken: ops.lessEqual(0)(margin(batch.y)(z)), loss: objective(z) }
    }
    const ascend = (point: Tensor): Tensor => {
      const [losses, pull] = vjp((at: Tensor) => objective(logits(at)))(point)
      return project(pipe(point, ops.add(ops.scale(stepSize)(ops.sign(pull(ops.ones(losses.shape)))))))
    }
    const run = (r: number): readonly Tensor[] => {
      const points = [randomStart ? project(ops.add(noise(batch, fold(r)(key), epsilon))(x)) : x]
      for (let i = 0; i < steps; i++) points.push(ascend(points[i]!))
      return keep === 'best' ? points : points.slice(-1)
    }
    const points = Array.from({ length: restarts }, (_, r) => run(r)).flat()
    const chosen = points.length === 1 ? points[0]! : points.map(judge).reduce(worse).x
    return { x: ops.stopGradient(chosen) }
  }

/** Uniform in [−ε, ε). */
const noise = ({ x, ids }: Batch, key: Key, epsilon: number): Tensor =>
  pipe(random.uniform(x.shape, ids)(key), ops.scale(2 * epsilon), ops.sub(epsilon))

/**
 * The fast gradient sign method (Goodfellow, Shlens, Szegedy, arXiv:1412.6572): one step of length ε from the input
 * itself.
 */
export const fgsm = (options: LinfOptions & { readonly loss?: AttackLoss }): Attack =>
  pgd({ ...options, steps: 1, stepSize: options.epsilon, randomStart: false })
