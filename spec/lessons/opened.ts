import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { State } from '../../docs/lessons/frame/controls.js'
import type { AnyLesson, Draw, Facts, Figures, Frame } from '../../docs/lessons/frame/lesson.js'
import { lessons } from '../../docs/lessons/lessons.js'
import type { Numbers } from './numbers.js'

/** A lesson with everything that belongs to it. */
export interface OpenedLesson {
  readonly name: string
  readonly page: string
  /** The prediction that opens a figure, by the figure's name. */
  readonly opens: ReadonlyMap<string, string>
  readonly lesson: AnyLesson
  readonly figures: Figures<State>
  readonly numbers: readonly Numbers[]
}

const folder = '../../docs/lessons'

/** The blocks of a kind in a page, in its order. */
export const blocksOf = (page: string, kind: 'Figure' | 'Predict' | 'Exercise' | 'Code'): readonly string[] =>
  [...page.matchAll(new RegExp(`<${kind} id="([^"]+)"`, 'g'))].map(([, id]) => id!)

/** The lessons of the list, with their pages, files and numbers. */
export const opened: readonly OpenedLesson[] = await Promise.all(
  lessons.map(async ({ name }) => {
    const { lesson } = (await import(`${folder}/${name}/lesson.ts`)) as { lesson: AnyLesson }
    const { figures } = (await import(`${folder}/${name}/view.ts`)) as { figures: Figures<State> }
    const { numbers } = (await import(`./numbers/${name}.ts`)) as { numbers: readonly Numbers[] }
    const page = readFileSync(fileURLToPath(new URL(`${folder}/${name}.md`, import.meta.url)), 'utf8')
    const opens = new Map(
      [...page.matchAll(/<Figure id="([^"]+)" after="([^"]+)"/g)].map(([, figure, id]) => [figure!, id!])
    )
    return { name, page, opens, lesson, figures, numbers }
  })
)

/** All frames of a figure. */
export const framesOf = async <S>(draw: Draw<S>, state: S): Promise<readonly Frame[]> => {
  const drawn = draw(state)
  const frames: Frame[] = []
  for await (const frame of 'views' in drawn ? [drawn] : drawn) frames.push(frame)
  return frames
}

/** The numbers that a frame shows, by name; one that it does not show is an error. */
export const factsOf =
  ({ facts }: Pick<Frame, 'facts'>): Facts =>
  (name) => {
    const fact = facts.find((one) => one.name === name)
    if (fact === undefined) throw new Error(`no fact ${name}`)
    return fact.value
  }
