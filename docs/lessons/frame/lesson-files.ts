import * as tangentflow from 'tangentflow'
import * as functions from 'fp-ts/lib/function.js'
import type { Workbench } from './edited.js'

/** The files of all lessons as text, and whatever they import. It is the whole library, so that an edit may use all of it. */
export const lessonFiles: Pick<Workbench, 'sources' | 'modules'> = {
  sources: import.meta.glob<string>('../[0-9]*/*.ts', { query: '?raw', import: 'default', eager: true }),
  modules: {
    ...import.meta.glob<object>(
      [
        './{compiled,controls,lesson,plots,reference,sketch}.ts',
        '../../../lib/graph/{evaluate,graph}.ts',
        '../../../lib/graph/primitives/index.ts',
        '../../../lib/report/plot/palette.ts'
      ],
      { eager: true }
    ),
    tangentflow,
    'fp-ts/lib/function.js': functions
  }
}
