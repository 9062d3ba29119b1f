import { attack, data, key, nn, train, withEngine } from 'tangentflow'
import { right } from '../support/either.js'

/** Classifies digits: a net of one hidden layer, trained against PGD for a few epochs. */
export const net = nn.serial(nn.dense(48), nn.relu, nn.dense(10))

const split = data.digitsSplit()

/** Test images as a set, the first `count` of them. */
export const images = (count: number): nn.Dataset => {
  const { x, y } = data.take(Array.from({ length: count }, (_, i) => i))(split.test)
  return { x, y }
}

export const EPSILON = 0.1

/** The parameters after a short training: adversarial, or plain where no radius is given. */
export const trained = async (epochs: number, epsilon?: number) =>
  right(
    await withEngine()(
      train.fit(net.apply, {
        epochs,
        batch: 64,
        optimiser: train.momentum(0.9),
        schedule: train.schedule.cosine(0.1),
        ...(epsilon === undefined ? {} : { attack: attack.pgd({ epsilon, steps: 5, stepSize: epsilon / 2 }) })
      })(net.init(key(0), [64]), { x: split.train.x, y: split.train.y }, key(1))
    )()
  ).params
