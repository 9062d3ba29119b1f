/** One lesson: its page, `<name>.md`, and its folder, `<name>/`, with the files lesson.ts, model.ts and view.ts. */
export interface LessonRow {
  readonly name: string
  /** What it is called where lessons are listed. */
  readonly title: string
  /** The point that it makes. */
  readonly point: string
}

/** Every lesson in its order: the sidebar, the list of lessons and the tests read it. */
export const lessons: readonly LessonRow[] = [
  {
    name: '04-kernel-by-hand',
    title: 'A kernel by hand',
    point: 'four numbers of a network give four numbers of a kernel, and those the largest stable rate'
  }
]
