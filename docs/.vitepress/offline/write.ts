import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'vite'
import { inRepository } from '../repository.js'

/** Whether a file of the site belongs to the lessons: their pages and scripts, but neither the other pages nor large engines. */
const isOfLessons = (name: string): boolean =>
  /^lessons\/.*\.html$|^(mark\.svg|vp-icons\.css|hashmap\.json)$/.test(name) ||
  (/^assets\/.*\.(js|css|woff2)$/.test(name) &&
    !/\/(?!lessons_)[^/]*\.md\.[^/]*$|\/(@localSearchIndex|VPLocalSearchBox|ort)[^/]*$/.test(name))

/** A file and what tells its versions apart; the names of assets do so already. */
const entryOf = (
  folder: string,
  url: string
): { readonly url: string; readonly revision: string | null } => ({
  url,
  revision: url.startsWith('assets/')
    ? null
    : createHash('sha256')
        .update(readFileSync(join(folder, url)))
        .digest('hex')
        .slice(0, 16)
})

/** Writes the service worker of a site that is built, with the list of what it keeps. */
export const writeOffline = async (folder: string): Promise<void> => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter(isOfLessons)
    .sort()
    .map((name) => entryOf(folder, name))
  await build({
    configFile: false,
    logLevel: 'warn',
    define: { LESSON_FILES: JSON.stringify(files), 'process.env.NODE_ENV': '"production"' },
    build: {
      outDir: folder,
      emptyOutDir: false,
      copyPublicDir: false,
      lib: {
        entry: inRepository('docs/.vitepress/offline/worker.ts'),
        formats: ['iife'],
        name: 'offline',
        fileName: () => 'sw.js'
      }
    }
  })
}
