import type { State } from './controls.js'
import type { AnyLesson, Figures } from './lesson.js'

const lessonFiles = import.meta.glob<{ readonly lesson: AnyLesson }>('../*/lesson.ts')
const viewFiles = import.meta.glob<{ readonly figures: Figures<State> }>('../*/view.ts')

const load = async <A>(files: Readonly<Record<string, () => Promise<A>>>, path: string): Promise<A> => {
  const file = files[path]
  if (file === undefined) throw new Error(`there is no ${path}`)
  return file()
}

/** What a page knows of its lesson: controls and questions, without the library. */
export const lessonOf = async (name: string): Promise<AnyLesson> =>
  (await load(lessonFiles, `../${name}/lesson.ts`)).lesson

/** What draws the figures of a lesson, with the library. */
export const figuresOf = async (name: string): Promise<Figures<State>> =>
  (await load(viewFiles, `../${name}/view.ts`)).figures
