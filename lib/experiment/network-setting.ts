import * as t from 'io-ts'
import { type Labelled, moments } from '../data/index.js'
import * as codec from '../format/codec.js'
import * as nn from '../nn/index.js'

type ForClasses = (classes: number) => nn.Network

const start = {
  /** Whether the network standardises its inputs inside. */
  standardise: t.boolean,
  /** Whether the outputs at the start are subtracted. */
  centred: t.boolean,
  /** What divides the variance of weights: the fan-in, or the average of fan-in and fan-out. @defaultValue `in` */
  fan: codec.oneOf(['in', 'average']),
  /** σ_w of the initialisation. */
  sigmaW: codec.atLeast(0),
  /** σ_b of the initialisation. */
  sigmaB: codec.atLeast(0)
}

/** What of a setting is options of the network's layers. */
const optionsOf = <S extends { readonly [K in 'kind' | 'standardise' | 'centred']?: unknown }>({
  kind: _kind,
  standardise: _standardise,
  centred: _centred,
  ...options
}: S) => options

/** A network of {@link nn} that needs no more than the number of classes. */
const known = <K extends string>(kind: K, network: typeof nn.lenet5) =>
  codec.variant(
    kind,
    {},
    start,
    (setting): ForClasses =>
      (classes) =>
        network({ ...optionsOf(setting), classes })
  )

const networks = codec.tagged<ForClasses>()({
  mlp: codec.variant(
    'mlp',
    {
      /** The widths of the hidden layers. */
      hidden: t.readonlyArray(codec.whole(1))
    },
    start,
    (setting) => {
      const { hidden, ...options } = optionsOf(setting)
      return (classes) =>
        nn.serial(
          ...hidden.flatMap((width) => [nn.dense(width, options), nn.relu]),
          nn.dense(classes, options)
        )
    }
  ),
  lenet300100: known('lenet300100', nn.lenet300100),
  lenet5: known('lenet5', nn.lenet5),
  conv16Conv32Fc100: known('conv16Conv32Fc100', nn.conv16Conv32Fc100),
  vgg32: codec.variant(
    'vgg32',
    {},
    {
      /** The channels of the stages. */
      widths: codec.some(codec.whole(1)),
      ...start
    },
    (setting) => (classes) => nn.vgg32({ ...optionsOf(setting), classes })
  )
})

/**
 * Which network, how its layers start, whether its first layer standardises inputs by the mean and deviation of the training
 * images, and whether it is centred: every run trains f(θ) − f(θ₀) for its own start θ₀, a mask's included, so that its outputs
 * start from 0.
 */
export const NetworkSetting = networks.codec
export type NetworkSetting = t.TypeOf<typeof NetworkSetting>

/** The network of an experiment for its training images. A new kind of network is a row of the table above. */
export const networkOf = (setting: NetworkSetting, images: Labelled): nn.Network => {
  const plain = networks.build(setting)(images.classes)
  if (setting.standardise !== true) return plain
  const { mean, deviation } = moments(images)
  return nn.serial(nn.standardise(mean, deviation), ...plain.layers)
}
