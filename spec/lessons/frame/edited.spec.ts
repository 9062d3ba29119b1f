import { describe, expect, it } from 'vitest'
import ts from 'typescript'
import { figuresWith, type Workbench } from '../../../docs/lessons/frame/edited.js'
import { initial } from '../../../docs/lessons/frame/controls.js'
import type { Edits } from '../../../docs/lessons/frame/work.js'
import { factsOf, framesOf, opened } from '../opened.js'

const { lessonFiles } = (await import(['../../../docs/lessons/frame', 'lesson-files.ts'].join('/'))) as {
  readonly lessonFiles: Pick<Workbench, 'sources' | 'modules'>
}

// The page takes the types away with sucrase; the compiler does the same, and is here.
const plain = (source: string): string =>
  ts.transpileModule(source, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 }
  }).outputText

const ran = (lesson: string, edits: Edits, lines: unknown[] = []) =>
  figuresWith({ ...lessonFiles, plain, console: { log: (...line) => lines.push(...line) } }, lesson, edits)

/** The figures of a page whose code can be edited, with the regions of that code. */
const codes = (page: string): readonly (readonly [figure: string, regions: readonly string[]])[] =>
  [...page.matchAll(/^<Code id="([^"]+)">\n([\s\S]*?)^<\/Code>$/gm)].map(([, figure, inside]) => [
    figure!,
    [...inside!.matchAll(/^<<< \.\/[^#]+\/model\.ts#(\w+)\{ts\}$/gm)].map(([, region]) => region!)
  ])

describe.each(opened)('$name', ({ name, page, lesson, figures }) => {
  it('has code for a figure above it, and no other', () => {
    const shown = codes(page)
    expect(shown.flatMap(([, regions]) => regions)).toHaveLength(page.match(/^<<< /gm)!.length)
    for (const [figure] of shown)
      expect(page.indexOf(`<Figure id="${figure}"`)).toBeLessThan(page.indexOf(`<Code id="${figure}"`))
  })

  it('has regions of the model in it, and runs from its text', () => {
    const source = lessonFiles.sources[`../${name}/model.ts`]!
    for (const [figure, regions] of codes(page)) {
      expect(lesson.figures).toHaveProperty(figure)
      for (const region of regions) {
        expect(source).toContain(`// #region ${region}\n`)
        expect(source).toContain(`// #endregion ${region}\n`)
      }
    }
    expect(Object.keys(ran(name, {})).sort()).toEqual(Object.keys(figures).sort())
  })
})

describe('code that is edited', () => {
  const name = '04-kernel-by-hand'
  const [, network = ''] =
    /\/\/ #region network\n([\s\S]*?)\/\/ #endregion/.exec(lessonFiles.sources[`../${name}/model.ts`]!) ?? []
  const { lesson } = opened.find((one) => one.name === name)!
  const kernelOf = async (edits: Edits, lines?: unknown[]) =>
    factsOf((await framesOf(ran(name, edits, lines)['kernel']!, initial(lesson.controls))).at(-1)!)

  it('gives the same numbers as long as nothing is changed', async () => {
    const fact = await kernelOf({ network })
    expect(fact('theta11')).toBeCloseTo(17 / 4, 12)
    expect(fact('theta12')).toBeCloseTo(1, 12)
  })

  it('gives others where it is', async () => {
    // with a = (2, −1) the hidden weights give ¼ (2² + 1²) ‖x₁‖² = 5/2, the output weights 13/4 as before
    const fact = await kernelOf({ network: network.replace('[[1], [-1]]', '[[2], [-1]]') })
    expect(fact('theta11')).toBeCloseTo(23 / 4, 12)
  })

  it('writes lines', async () => {
    const lines: unknown[] = []
    await kernelOf({ network: `${network}\nconsole.log('inputs', inputs)` }, lines)
    expect(lines).toEqual(['inputs', expect.objectContaining({ shape: [2, 2] })])
  })

  it.each([
    [/ArgumentError in nn\.dense: expected/, 'network', `${network}\nconst shape = nn.dense('two')`],
    [/^no further$/, 'network', `${network}\nthrow new Error('no further')`],
    [/missing is not defined/, 'kernel', 'const kernelAndShares = missing'],
    [/has no region layer/, 'layer', '']
  ])('says what is wrong: %s', async (message, region, code) =>
    expect(kernelOf({ [region]: code })).rejects.toThrow(message)
  )

  it('says in which line of an edit a mistake is', () => {
    const unreadable = (source: string): string => {
      if (source.startsWith('const')) throw new SyntaxError('Unexpected token (1:7)')
      return plain(source)
    }
    const bench = { ...lessonFiles, plain: unreadable, console }
    expect(() => figuresWith(bench, name, { kernel: 'const = 1' })).toThrow('kernel: Unexpected token (1:7)')
  })

  it('imports what the lessons import, and nothing else', () => {
    const sources = {
      ...lessonFiles.sources,
      [`../${name}/model.ts`]: "import { x } from 'lodash'\nexport const y = x"
    }
    expect(() => figuresWith({ ...lessonFiles, sources, plain, console }, name, {})).toThrow(
      'no module lodash'
    )
  })
})
