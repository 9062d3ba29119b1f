import { spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The empty projects of a spec file, in a folder that goes with it. */
export const projects = (): { readonly folder: string } => {
  const folder = mkdtempSync(join(tmpdir(), 'tangentflow-install-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return { folder }
}

/** Runs a program to its end and gives its stdout; what it printed is in the error of a failure. */
export const execute = (cwd: string, command: string, ...args: readonly string[]): string => {
  const { status, error, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  if (status !== 0) throw new Error([[command, ...args].join(' '), error, stdout, stderr].join('\n'))
  return stdout
}

/** A program of the packages that this repository develops with. */
export const tool = (cwd: string, name: string, ...args: readonly string[]): string =>
  execute(cwd, join(root, 'node_modules/.bin', name), ...args)

/** Builds the package and packs it; gives the path of its tarball. */
export const pack = (folder: string): string => {
  execute(root, 'npm', 'run', 'build')
  const staging = join(folder, 'package')
  mkdirSync(staging)
  for (const file of ['package.json', 'LICENSE', 'NOTICE', 'README.md', 'dist/lib', 'dist/kernels'])
    cpSync(join(root, file), join(staging, file), { recursive: true })
  execute(staging, 'npm', 'pack', '--ignore-scripts', '--pack-destination', folder)
  return join(
    folder,
    readdirSync(folder).find((name) => name.endsWith('.tgz'))!
  )
}

/** Writes files by their names into a folder. */
export const write = (folder: string, files: Readonly<Record<string, string | object>>): void => {
  mkdirSync(folder, { recursive: true })
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
}

/** Installs what the package.json of a folder says, from the registry where npm's cache lacks it. */
export const install = (folder: string): void =>
  void execute(folder, 'npm', 'install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund')

/** Whether an error of npm says that no registry can be reached. */
export const isOffline = (error: unknown): boolean =>
  /ENOTCACHED|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT/.test(String(error))

/** Bytes of all files in a folder on disk, as `du` counts them. */
export const sizeOnDisk = (folder: string): number =>
  Number(execute(folder, 'du', '-sk', '.').split('\t')[0]) * 1024

export const sizeOf = (file: string): number => statSync(file).size

/** The bytes of the scripts in a folder, and its WebAssembly. */
export const bundleIn = (folder: string): { readonly bytes: number; readonly wasm: readonly string[] } => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  const scripts = files.filter((file) => file.endsWith('.js'))
  return {
    bytes: scripts.reduce((sum, file) => sum + readFileSync(join(folder, file)).length, 0),
    wasm: files.filter((file) => file.endsWith('.wasm'))
  }
}

/** The README of this repository. */
export const readme = (): string => readFileSync(join(root, 'README.md'), 'utf8')
