import { paint } from './colours.js'
import { dotPlot } from './dots.js'
import { linePlot } from './lines.js'
import { page, section, tableOf } from './page.js'
import type { RunRecord } from './record.js'
import { blocksOf, byMethod, percent, summariseCurves, type Summary } from './statistics.js'
import { element, group, type Markup } from './svg.js'
import { footing, methodsTable, searchTable } from './table.js'
import { tile } from './tile.js'

const colourIn = (record: RunRecord): ((method: string) => string) =>
  paint(byMethod(record).map(({ method }) => method))

const showSetting = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

const searchPlot = ({ seeds }: RunRecord): Markup => {
  const steps = seeds[0]?.search.steps ?? []
  const { size, smooth } = blocksOf(steps.length)
  const curves = (field: 'kernel' | 'output'): readonly Summary[] =>
    summariseCurves(seeds.map(({ search }) => smooth(search[field])))
  return linePlot({
    title: 'kernel and output distance along the search',
    across: size === 1 ? 'search step' : `search step (means of ${size} steps)`,
    xs: smooth(steps),
    lines: [
      { name: 'kernel', colour: 'var(--c1)', points: curves('kernel') },
      { name: 'output', colour: 'var(--c4)', points: curves('output') }
    ]
  })
}

const masks = (record: RunRecord): Markup => {
  const colour = colourIn(record)
  const masked = (record.seeds[0]?.methods ?? []).filter(
    ({ method, pixels }) => method !== 'dense' && pixels.length > 0
  )
  const largest = Math.max(0, ...masked.flatMap(({ pixels }) => pixels))
  return element(
    'div',
    { class: 'tiles' },
    ...masked.map(({ method, pixels, layers }) =>
      element(
        'figure',
        {},
        tile(`first layer of ${method}`, pixels, largest, colour(method)),
        element(
          'figcaption',
          {},
          element('strong', {}, method),
          ...layers.map(({ kept, total }) => element('span', {}, `${kept} of ${total}`))
        )
      )
    )
  )
}

/**
 * The record as one HTML page that needs nothing else: no script, no font, no picture, no address outside it. It is
 * readable in light and dark, and on paper.
 */
export const htmlReport = (record: RunRecord): string => {
  const methods = byMethod(record)
  const masked = methods.filter(({ method }) => method !== 'dense')
  const colour = colourIn(record)
  const several = record.seeds.length > 1
  const body = group(
    element('h1', {}, 'Adversarial winning tickets'),
    element(
      'p',
      { class: 'lead' },
      'Sparse networks chosen at initialisation, trained from scratch against an attack, beside the dense network.'
    ),
    element('p', { class: 'quiet' }, footing(record)),
    section(
      'Accuracy',
      'Full marks: under attack. Open marks: the images as they are.' +
        (several ? ' Whiskers: one standard deviation over seeds.' : ''),
      dotPlot(
        'clean and robust accuracy of each method',
        methods.map(({ method, runs }) => ({
          name: method,
          colour: colour(method),
          clean: percent(runs.map(({ clean }) => clean)),
          robust: percent(runs.map(({ robust }) => robust))
        }))
      ),
      tableOf(methodsTable(record))
    ),
    section(
      'The search',
      'Relative distance of the masked network to the dense one at initialisation, on the batch of each step; ' +
        'the table is on images kept out of training and search.',
      searchPlot(record),
      tableOf(searchTable(record))
    ),
    section(
      'Training dynamics',
      'How far the logits on fixed attacked test images are from the dense run’s at the same point of training: ' +
        'relative L2 distance. The column “dynamics” above is the mean of a curve.',
      linePlot({
        title: 'distance to the dense training trajectory',
        across: 'epoch',
        xs: record.checkpoints,
        lines: masked.map(({ method, runs }) => ({
          name: method,
          colour: colour(method),
          points: summariseCurves(runs.map(({ trajectory }) => trajectory))
        }))
      })
    ),
    section(
      'Training loss',
      'Mean cross-entropy on attacked training images, an epoch each.',
      linePlot({
        title: 'adversarial training loss',
        across: 'epoch',
        xs: (methods[0]?.runs[0]?.losses ?? []).map((_, epoch) => epoch + 1),
        lines: methods.map(({ method, runs }) => ({
          name: method,
          colour: colour(method),
          points: summariseCurves(runs.map(({ losses }) => losses))
        }))
      })
    ),
    section(
      'What the masks see',
      `Kept weights of each input pixel, summed over the first layer’s outputs (seed ${record.seeds[0]?.seed ?? ''}); ` +
        'below, kept weights of each layer.',
      masks(record)
    ),
    section(
      'Configuration',
      `Everything that was set; config.json beside this file has the same.`,
      tableOf({
        headings: ['setting', 'value'],
        rows: Object.entries(record.config).map(([name, value]) => [name, showSetting(value)])
      })
    )
  )
  return page('Adversarial winning tickets', body)
}
