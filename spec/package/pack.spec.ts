import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'

// The package as a user gets it: built, packed, installed into an empty ESM project without any native part.

const root = fileURLToPath(new URL('../..', import.meta.url))
const temporary = mkdtempSync(join(tmpdir(), 'tangentflow-pack-'))
const staging = join(temporary, 'package')
const project = join(temporary, 'project')
afterAll(() => rmSync(temporary, { recursive: true, force: true }))

/** Runs a command to its end; what it printed is in the error of a failure. */
const execute = (cwd: string, command: string, ...args: string[]): string => {
  const shell = process.platform === 'win32'
  const { status, error, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8', shell })
  if (status !== 0) throw new Error([command, ...args, error, stdout, stderr].join('\n'))
  return stdout
}
const tsc = (cwd: string, ...args: string[]): string =>
  execute(cwd, process.execPath, join(root, 'node_modules/typescript/bin/tsc'), ...args)
const node = (code: string): string => execute(project, process.execPath, '--input-type=module', '-e', code)

/** The file name of the tarball, which is left in `temporary`. */
const pack = (): string => {
  mkdirSync(staging)
  tsc(
    root,
    '-p',
    '.config/tsconfig.build.json',
    '--outDir',
    join(staging, 'dist'),
    '--incremental',
    'false',
    '--tsBuildInfoFile',
    'null'
  )
  for (const file of ['package.json', 'LICENSE', 'NOTICE', 'README.md'])
    if (existsSync(join(root, file))) cpSync(join(root, file), join(staging, file))
  execute(staging, 'npm', 'pack', '--ignore-scripts', '--pack-destination', temporary)
  return readdirSync(temporary).find((name) => name.endsWith('.tgz'))!
}

/** gpu.js wants the native `webgpu`: an empty package in its place shows that nothing needs it. */
const install = (tarball: string): void => {
  mkdirSync(join(project, 'empty'), { recursive: true })
  writeFileSync(join(project, 'empty/package.json'), JSON.stringify({ name: 'webgpu', version: '0.0.0' }))
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({
      type: 'module',
      dependencies: { tangentflow: `file:../${tarball}` },
      overrides: { webgpu: 'file:./empty' }
    })
  )
  const omit = ['dev', 'optional', 'peer'].map((kind) => `--omit=${kind}`)
  execute(
    project,
    'npm',
    'install',
    '--ignore-scripts',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    ...omit
  )
}

const noNetwork = /ENOTCACHED|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT/

describe('the packed package', () => {
  it('installs, imports and has types in an empty ESM project', { timeout: 300_000 }, (context) => {
    const tarball = pack()
    try {
      install(tarball)
    } catch (error) {
      const reason = noNetwork.exec(String(error))?.[0]
      context.skip(
        reason !== undefined,
        `npm reaches no registry and its cache lacks a package (${reason ?? ''})`
      )
      throw error
    }

    for (const absent of ['onnxruntime-node', 'onnxruntime-web', 'gl', 'fast-check', 'bullmq', 'ioredis'])
      expect(existsSync(join(project, 'node_modules', absent)), absent).toBe(false)
    expect(readdirSync(join(project, 'node_modules/tangentflow')).sort()).toEqual(
      expect.arrayContaining(['LICENSE', 'NOTICE', 'dist', 'package.json'])
    )
    const names = "console.log(Object.keys(await import('tangentflow')).length)"
    expect(Number(node(names))).toBeGreaterThan(0)

    // A queue needs two packages, and says so of each.
    const open =
      "const { openQueue } = await import('tangentflow/queue')\n" +
      "console.log(JSON.stringify(await openQueue({ url: 'redis://127.0.0.1:1', version: '0' })()))"
    for (const absent of ['bullmq', 'ioredis']) {
      expect(JSON.parse(node(open))).toMatchObject({
        left: { _tag: 'ConfigError', expected: `the package ${absent} (npm install bullmq ioredis)` }
      })
      symlinkSync(join(root, 'node_modules', absent), join(project, 'node_modules', absent), 'junction')
    }
    expect(JSON.parse(node(open))).toMatchObject({
      left: { _tag: 'IoError', where: 'redis://127.0.0.1:1/0' }
    })

    // The laws need their one peer, fast-check: it is there from here on.
    symlinkSync(join(root, 'node_modules/fast-check'), join(project, 'node_modules/fast-check'), 'junction')
    expect(Number(node(names.replace('tangentflow', 'tangentflow/laws')))).toBeGreaterThan(0)

    writeFileSync(
      join(project, 'main.ts'),
      "import * as tangentflow from 'tangentflow'\n" +
        "import * as laws from 'tangentflow/laws'\n" +
        "import * as queue from 'tangentflow/queue'\n" +
        'type Any<T> = 0 extends 1 & T ? true : false\n' +
        'export const typed: [Any<typeof tangentflow>, Any<typeof laws>, Any<typeof queue>] = [false, false, false]\n'
    )
    const compilerOptions = { module: 'nodenext', strict: true, noEmit: true, skipLibCheck: false, types: [] }
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['main.ts'] }))
    tsc(project)
  })
})
