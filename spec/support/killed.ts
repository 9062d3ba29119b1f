import { type ChildProcess, spawn } from 'node:child_process'

/**
 * Runs a program and kills it so many milliseconds after it has said its first word, with its first step; gives what it said,
 * and for how long it ran after that.
 */
export const runFor = (
  program: string,
  args: readonly string[],
  delay: number
): Promise<{ said: string; span: number }> =>
  new Promise((resolve, reject) => {
    const child: ChildProcess = spawn(process.execPath, [program, ...args])
    const said: string[] = []
    let start = 0
    child.stdout!.on('data', (part: Buffer) => {
      if (said.length === 0) {
        start = performance.now()
        if (Number.isFinite(delay)) setTimeout(() => child.kill('SIGKILL'), delay)
      }
      said.push(part.toString())
    })
    child.stderr!.on('data', (part: Buffer) => said.push(part.toString()))
    child.on('error', reject)
    child.on('close', () => resolve({ said: said.join(''), span: performance.now() - start }))
  })
