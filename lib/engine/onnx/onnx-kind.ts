/**
 * The name of an execution provider in the name of its engine. In a file of its own: the types of the package reach it, and those beside
 * it need onnxruntime-node.
 */
export type OnnxKind = 'native' | 'wasm' | 'webgpu' | 'cuda' | 'coreml' | 'dml'
