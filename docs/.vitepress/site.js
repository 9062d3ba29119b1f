// Serves the documentation site (`dev`), or writes it to dist/docs (`build`), for the base in DOCS_BASE (default `/`).
// The API reference is written from the docstrings to docs/api first, unless DOCS_ONLY names the one folder to build. Installs the dependencies of docs/ when they are missing or older than the lock file.
import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const docs = fileURLToPath(new URL('..', import.meta.url))

const run = (command, args) => {
  const { status } = spawnSync(command, args, {
    cwd: docs,
    stdio: 'inherit',
    shell: process.platform === 'win32'
  })
  if (status !== 0) process.exit(status ?? 1)
}

const time = (path) => (existsSync(`${docs}${path}`) ? statSync(`${docs}${path}`).mtimeMs : 0)

if (time('node_modules/.package-lock.json') < time('package-lock.json')) run('npm', ['ci'])
if (process.env.DOCS_ONLY === undefined) run('npx', ['typedoc'])
const [command = 'dev', ...options] = process.argv.slice(2)
run('npx', ['vitepress', command, '.', ...options])
