/**
 * File formats as pure functions between bytes and values: NumPy's npy and npz, safetensors, tar, and codecs of JSON. Bytes and
 * text go in, an Either with the arrays or a DataError that names the place comes out; no file is touched here. Element types are
 * the table `dtypes` in `dtype`. A new format is a file whose record has `encode` and `decode`, and a row in
 * `io/read-arrays`.
 */
export { crc32 } from './crc32.js'
export type { Dtype } from './dtype.js'
export { npy } from './npy.js'
export { npz } from './npz.js'
export { type Encodable, safetensors, type TensorEntry, type TensorFile } from './safetensors.js'
