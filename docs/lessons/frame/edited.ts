import type { State } from './controls.js'
import type { Figures } from './lesson.js'
import { type Edits, messageOf } from './work.js'

/** What the files of a lesson are run with, when they are not run as they were built. */
export interface Workbench {
  /** The text of each file of a lesson, such as `../05-width/model.ts`. */
  readonly sources: Readonly<Record<string, string>>
  /** What these files import from elsewhere: packages by name, files by path from here. */
  readonly modules: Readonly<Record<string, object>>
  /** JavaScript that gets its imports from a function `require`, and puts what it exports into `exports`. */
  readonly plain: (source: string) => string
  readonly console: Pick<Console, 'log'>
}

/** A file with other text between `#region` and `#endregion`. */
const edited = (source: string, edits: Edits): string =>
  Object.entries(edits).reduce((text, [name, code]) => {
    const [start, end] = [`// #region ${name}\n`, `// #endregion ${name}\n`].map((mark) => text.indexOf(mark))
    if (start === undefined || end === undefined || start < 0 || end < start)
      throw new Error(`the code has no region ${name}`)
    return `${text.slice(0, start)}${code}\n${text.slice(end)}`
  }, source)

/** What is wrong with the way that an edit is written; the line is that of the edit, not of the file. */
const requireReadable = (edits: Edits, plain: Workbench['plain']): void => {
  for (const [name, code] of Object.entries(edits))
    try {
      plain(code)
    } catch (error) {
      throw new Error(`${name}: ${messageOf(error)}`, { cause: error })
    }
}

/** The figures of a lesson, with regions of its model written anew. Files of its folder are run again, all others are as they were built. */
export const figuresWith = (
  { sources, modules, plain, console }: Workbench,
  lesson: string,
  edits: Edits
): Figures<State> => {
  requireReadable(edits, plain)
  const loaded = new Map<string, object>()
  const moduleOf = (name: string): object => {
    if (!name.startsWith('./')) {
      const found = modules[name.replace('../frame/', './').replace(/(?<=^\..*)\.js$/, '.ts')]
      if (found === undefined) throw new Error(`there is no module ${name} in the lessons`)
      return found
    }
    const path = `../${lesson}/${name.slice(2).replace(/\.js$/, '.ts')}`
    const known = loaded.get(path)
    if (known !== undefined) return known
    const source = sources[path]
    if (source === undefined) throw new Error(`there is no ${path}`)
    const exports = {}
    loaded.set(path, exports)
    const code = plain(path.endsWith('/model.ts') ? edited(source, edits) : source)
    // the code is what the reader wrote, on this page, and asked to run: it never comes from an address
    // eslint-disable-next-line @typescript-eslint/no-implied-eval
    const run = new Function('require', 'exports', 'console', code)
    Reflect.apply(run, undefined, [moduleOf, exports, console])
    return exports
  }
  const { figures } = moduleOf('./view.js') as { readonly figures: Figures<State> }
  return figures
}
