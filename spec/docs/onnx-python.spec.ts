import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { exportOnnx, key, nn, spec, type Tensor } from 'tangentflow'
import { right } from '../support/either.js'

const python = process.env.PYTHON ?? 'python3'

const isInstalled = (): boolean => {
  try {
    execFileSync(python, ['-c', 'import onnx, onnxruntime'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

it('the Python program of docs/onnx.md runs the file', (context) => {
  context.skip(!isInstalled(), 'the Python packages onnx and onnxruntime are not installed')
  const program = /```python\n([\s\S]*?)```/.exec(readFileSync('docs/onnx.md', 'utf8'))![1]!
  const net = nn.serial(nn.dense(8), nn.relu, nn.dense(3))
  const logits = (p: nn.Params, x: Tensor): Tensor => net.apply(p)(x)
  const args = [net.init(key(0), [4]), spec([1, 4])] as const
  const names = { inputNames: ['features'], outputNames: ['logits'] }
  const options = { ...names, batchAxes: [null, 0], description: 'logits of three classes' }
  const { bytes } = right(exportOnnx(logits, args, options))
  const folder = mkdtempSync(join(tmpdir(), 'onnx-'))
  try {
    const path = join(folder, 'model.onnx')
    writeFileSync(path, bytes)
    const said = execFileSync(python, ['-c', program, path], { encoding: 'utf8' })
    expect(said.trim()).toBe('tangentflow logits of three classes (7, 3)')
  } finally {
    rmSync(folder, { recursive: true })
  }
})
