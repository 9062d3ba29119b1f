import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium as launcher } from 'playwright'
import { chromium, chromiumArgs } from '../../.config/chromium.js'
import { serve } from '../site/serve.js'

/** The lessons as they are served, and a browser. */
export interface LessonsSite {
  readonly browser: Browser
  readonly origin: string
  readonly close: () => Promise<void>
}

const root = fileURLToPath(new URL('../..', import.meta.url))

const build = (folder: string): void => {
  const env = { ...process.env, DOCS_BASE: '/', DOCS_ONLY: 'lessons' }
  const options = ['docs/.vitepress/site.js', 'build', '--outDir', folder]
  const { status, stdout, stderr } = spawnSync('node', options, { cwd: root, env, encoding: 'utf8' })
  if (status !== 0) throw new Error(stdout + stderr)
}

/** Builds the lessons and serves them; undefined without a browser. LESSONS_SITE names a folder in which they are built already. */
export const openSite = async (): Promise<LessonsSite | undefined> => {
  if (chromium === undefined) return undefined
  const { LESSONS_SITE } = process.env
  const folder = LESSONS_SITE ?? mkdtempSync(join(tmpdir(), 'tangentflow-lessons-'))
  if (LESSONS_SITE === undefined) build(folder)
  const { origin, stop } = await serve(folder, '/')
  const browser = await launcher.launch({ executablePath: chromium, args: [...chromiumArgs] })
  const close = async (): Promise<void> => {
    await browser.close()
    stop()
    if (LESSONS_SITE === undefined) rmSync(folder, { recursive: true, force: true })
  }
  return { browser, origin, close }
}
