import type { TestContext } from 'vitest'

declare module 'vitest' {
  interface TaskMeta {
    /** A figure that the summary at the end of a run shows. */
    measured?: string
  }
}

/** Has the summary at the end of the run say what a spec measured. */
export const measured = ({ task }: Pick<TestContext, 'task'>, line: string): void => {
  task.meta.measured = line
}
