import * as base from '../format/index.js'
import { unwrapped } from './unwrapped.js'

export * from '../format/index.js'

/** As {@link base.npy}, with the values: a Left is thrown. */
export const npy = {
  ...base.npy,
  /** The array of a file; a Left is thrown. */
  decode: unwrapped(base.npy.decode),
  /** What the header of a file says; a Left is thrown. */
  decodeHeader: unwrapped(base.npy.decodeHeader),
  /** The bytes of a file; a Left is thrown. */
  encode: unwrapped(base.npy.encode)
}

/** As {@link base.npz}, with the values: a Left is thrown. */
export const npz = {
  ...base.npz,
  /** The tensors of a file; a Left is thrown. */
  decode: unwrapped(base.npz.decode),
  /** The bytes of a file; a Left is thrown. */
  encode: unwrapped(base.npz.encode)
}

/** As {@link base.safetensors}, with the values: a Left is thrown. */
export const safetensors = {
  ...base.safetensors,
  /** The tensors of a file; a Left is thrown. */
  decode: unwrapped(base.safetensors.decode),
  /** What the header of a file says; a Left is thrown. */
  decodeHeader: unwrapped(base.safetensors.decodeHeader),
  /** The bytes of a file; a Left is thrown. */
  encode: unwrapped(base.safetensors.encode)
}
