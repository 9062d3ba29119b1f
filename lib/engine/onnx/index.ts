/**
 * The ONNX engine: a plan goes in, an ONNX model that ONNX Runtime runs comes out. `lower` chooses the order of axes
 * (`relayout`), recognises convolutions and pooling, lowers every other primitive by its row of one table, and fuses what
 * follows a matrix product into it; `loops` makes an operator Scan of a loop, and `serialise` writes the bytes. `resident`
 * runs a model on its own results, which stay on the device. To add a primitive, add its lowering to the family it belongs
 * to (`structure`, `windows`, or a row in `lower.ts`); a pointwise function is a row of `pointwise.ts`.
 */
export { exportOnnx, type ExportOptions, type OnnxFile } from './export-onnx.js'
export { openOnnx } from './open-onnx.js'
