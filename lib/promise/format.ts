import * as base from '../format/index.js'
import { unwrapped } from './unwrapped.js'

export * from '../format/index.js'

export const npy = {
  ...base.npy,
  decode: unwrapped(base.npy.decode),
  decodeHeader: unwrapped(base.npy.decodeHeader),
  encode: unwrapped(base.npy.encode)
}
export const npz = { ...base.npz, decode: unwrapped(base.npz.decode), encode: unwrapped(base.npz.encode) }
export const safetensors = {
  ...base.safetensors,
  decode: unwrapped(base.safetensors.decode),
  decodeHeader: unwrapped(base.safetensors.decodeHeader),
  encode: unwrapped(base.safetensors.encode)
}
