import type { ExperimentRecord } from '../experiment/experiment-record.js'
import { accuracyPlots } from './accuracy-plots.js'
import { type Curve, curvesOf, spectrumPlot } from './curve.js'
import { equivalenceNote, equivalenceTable } from './equivalence.js'
import { smooth } from './estimate.js'
import { accuracyNote, emptyLayersOf, executedOf, flagsOf } from './experiment-text.js'
import { type Level, levelsOf, percentOf } from './group.js'
import { element, type Markup, page, section } from './markup.js'
import { maskFigures } from './mask-figures.js'
import { type Paint, paint } from './plot/palette.js'
import { relationPlot, relations, relationTable } from './relations.js'
import { pairsNote, type Table, tables } from './tables.js'

/** A section of what there is of it; none where nothing was measured. */
const part = (heading: string, explanation: string, body: readonly Markup[]): readonly Markup[] =>
  body.length === 0 ? [] : [section(heading, explanation, ...body)]

const listOf = (lines: readonly string[]): readonly Markup[] =>
  lines.length === 0 ? [] : [element('ul', {}, ...lines.map((line) => element('li', {}, line)))]

/** A table of a page, where there is one. */
const tableOf = (table: Table | undefined): readonly Markup[] => {
  if (table === undefined) return []
  const { headings, rows, starts = [] } = table
  const heading = (scope: 'col' | 'row') => (cell: string) => element('th', { scope }, cell)
  const row = ([first = '', ...cells]: readonly string[], start: boolean): Markup =>
    element(
      'tr',
      { class: start ? 'start' : undefined },
      heading('row')(first),
      ...cells.map((cell) => element('td', {}, cell))
    )
  return [
    element(
      'table',
      {},
      element('thead', {}, element('tr', {}, ...headings.map(heading('col')))),
      element('tbody', {}, ...rows.map((cells, i) => row(cells, starts.includes(i))))
    )
  ]
}

/** The parts of each density under its name, where there are several densities. */
const perLevel = (levels: readonly Level[], of: (level: Level) => readonly Markup[]): readonly Markup[] =>
  levels.flatMap((level) => {
    const body = of(level)
    return body.length === 0 || levels.length < 2
      ? body
      : [element('h3', {}, `${percentOf(level.density)} of the weights`), ...body]
  })

const counted = (ys: readonly number[]): Curve => ({ xs: ys.map((_, i) => i + 1), ys })

/** The parts that look at how masks were found and what they keep. */
const maskParts = (record: ExperimentRecord, levels: readonly Level[], colour: Paint): readonly Markup[] => [
  ...part(
    'The searches',
    'Relative distance of the masked network to the dense one at initialisation, on the batch of each step; ' +
      'the table is on images kept out of training and search.',
    [
      ...perLevel(levels, ({ masked }) =>
        (['kernel', 'output'] as const).flatMap((field) =>
          curvesOf(
            `${field} distance along the search`,
            `${field} distance by search step`,
            masked,
            colour,
            ({ measures }) => {
              if (measures?.search?.before[field] === undefined) return undefined
              return { xs: smooth(measures.search.steps), ys: smooth(measures.search[field]) }
            }
          )
        )
      ),
      ...tableOf(tables.search(record))
    ]
  ),
  ...part(
    'Kernels',
    'Eigenvalues of the kernel Θ(X, X) of each network at its start, on images kept out, means over the seeds. Effective ' +
      'rank: exp of the entropy of the normalised eigenvalues. Alignments are centred.',
    [...perLevel(levels, (level) => spectrumPlot(level, colour)), ...tableOf(tables.kernels(record))]
  ),
  ...part(
    'What the masks keep',
    'Kept weights of each layer. Pictures: kept weights of each input pixel, summed over the first layer’s outputs. ' +
      'The first seed of each method.',
    [
      ...listOf(emptyLayersOf(record)),
      ...perLevel(levels, (level) => [...maskFigures(level, colour), ...tableOf(tables.layers(level))])
    ]
  )
]

/** The parts that look at what training did. */
const trainingParts = (levels: readonly Level[], colour: Paint): readonly Markup[] => [
  ...part(
    'Training dynamics',
    'How far the logits on fixed attacked test images are from the dense run’s at the same part of the training: relative ' +
      'L2 distance. “Dynamics” above is the mean of a curve.',
    perLevel(levels, ({ others }) =>
      curvesOf('distance to the dense training trajectory', 'epoch', others, colour, ({ measures }) => ({
        xs: measures?.epochs ?? [],
        ys: measures?.trajectory ?? []
      }))
    )
  ),
  ...part(
    'Training',
    'The mean loss of each epoch, and accuracy in per cent on held-out training images after it, under the attack of the ' +
      'training.',
    perLevel(levels, (level) => [
      ...curvesOf('training loss', 'epoch', level.all, colour, ({ training }) => counted(training.losses)),
      ...curvesOf('validation', 'epoch', level.all, colour, ({ training }) =>
        counted(training.validations.map((share) => 100 * share))
      )
    ])
  )
]

const relationParts = (record: ExperimentRecord, colour: Paint): readonly Markup[] =>
  part(
    'Do nearer kernels mean nearer training, and more robustness?',
    'A point a run; distances are relative, to the dense network. Correlations have 95 % intervals: of runs by ' +
      'a bootstrap over methods and seeds, of the means of methods by Fisher’s z. Within methods, each run is taken less the mean ' +
      'of its method. Over all densities much of what goes together does so because density moves both.',
    relations.flatMap((relation) => [
      ...relationPlot(record, relation, colour),
      ...tableOf(relationTable(record, relation))
    ])
  )

/** The record as one HTML page that needs nothing else. Parts that were not measured are left out. */
export const experimentHtml = (record: ExperimentRecord): string => {
  const levels = levelsOf(record)
  const colour = paint(record.runs.map(({ method }) => method))
  const several = record.runs.some(({ seed }) => seed !== record.runs[0]?.seed)
  return page(
    record.name,
    element('h1', {}, record.name),
    element('p', { class: 'quiet' }, executedOf(record)),
    section(
      'Accuracy',
      accuracyNote(record) + (several ? ' Whiskers and ±: one standard deviation over seeds.' : ''),
      ...accuracyPlots(levels, colour),
      ...tableOf(tables.summary(record)),
      ...tableOf(tables.attacks(record))
    ),
    ...part(
      'Paired differences',
      pairsNote,
      levels.flatMap((level) => tableOf(tables.pairs(level)))
    ),
    ...part('As good as the dense network', equivalenceNote, tableOf(equivalenceTable(record))),
    ...relationParts(record, colour),
    ...trainingParts(levels, colour),
    ...maskParts(record, levels, colour),
    ...part(
      'Cost',
      'Operations on one example and bytes, in shares of the dense network; wall-clock seconds.',
      tableOf(tables.cost(record))
    ),
    ...part('Classes', 'Of the first run, under all attacks.', tableOf(tables.classes(record))),
    ...part(
      'Over ε',
      'Robust accuracy in per cent under PGD at several radii, each attacked on its own.',
      perLevel(levels, (level) =>
        curvesOf('robust accuracy over ε', 'ε', level.all, colour, ({ overEpsilon = [] }) => ({
          xs: overEpsilon.map(({ epsilon }) => epsilon),
          ys: overEpsilon.map(({ robust }) => 100 * robust)
        }))
      )
    ),
    section(
      'Flags',
      'Signs that gradients were masked, and the robust accuracy is too high.',
      ...listOf(flagsOf(record))
    ),
    section(
      'Configuration',
      `Made by: ${record.command}`,
      ...tableOf({
        headings: ['setting', 'value'],
        rows: Object.entries(record.experiment).map(([name, value]) => [name, JSON.stringify(value)])
      })
    )
  )
}
