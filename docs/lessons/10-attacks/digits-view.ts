import { diverging } from '../../../lib/report/plot/palette.js'
import type { Draw, View } from '../frame/lesson.js'
import { chart, dot, element, fragment, keyed, line, linearAxis, showNumber } from '../frame/plots.js'
import type { State } from './lesson.js'
import { curve, digitsUnder, RADII, readAs, TESTED } from './model.js'

/** Who computes the figures of the lesson. */
export const EXECUTED = 'the evaluator in float64'
/** The colours of both attacks. */
const [FGSM, PGD] = ['var(--c3)', 'var(--c5)'] as const
export { FGSM, PGD }

const [PIXEL, EDGE] = [17, 8]

/** From white to black, as ink. */
const ink = (value: number): string => `hsl(0 0% ${(100 - 100 * value).toFixed(0)}%)`

const picture = (
  pixels: readonly number[],
  colourOf: (value: number) => string,
  view: Pick<View, 'title' | 'describe'>
): View => ({
  ...view,
  width: PIXEL * EDGE + 8,
  height: PIXEL * EDGE + 8,
  body: fragment(
    ...pixels.map((value, i) =>
      element('rect', {
        class: 'cell',
        x: 4 + PIXEL * (i % EDGE),
        y: 4 + PIXEL * Math.floor(i / EDGE),
        width: PIXEL,
        height: PIXEL,
        fill: colourOf(value)
      })
    ),
    // white pixels are no part of the page
    element('rect', {
      x: 3,
      y: 3,
      width: PIXEL * EDGE + 2,
      height: PIXEL * EDGE + 2,
      fill: 'none',
      stroke: 'var(--rule)'
    })
  ).text
})

/** The figure of the digits. */
export const digits: Draw<State> = ({ pixel, image }) => {
  const { x, logits, test, fgsm, pgd } = digitsUnder(pixel)
  const rowOf = (all: { readonly data: ArrayLike<number> }): readonly number[] =>
    Array.from({ length: EDGE * EDGE }, (_, i) => all.data[EDGE * EDGE * image + i]!)
  const [clean, attacked] = [rowOf(test.x), rowOf(x)]
  const moved = attacked.map((value, i) => value - clean[i]!)
  const [label, read] = [test.y.data[image]!, readAs(logits, image)]
  const all = [...curve(), { epsilon: pixel, fgsm, pgd }].sort((a, b) => a.epsilon - b.epsilon)
  const shares = [
    { name: 'FGSM', key: 'fgsm', colour: FGSM, at: ({ fgsm }: { fgsm: number }) => fgsm },
    { name: 'PGD, 10 steps', key: 'pgd', colour: PGD, at: ({ pgd }: { pgd: number }) => pgd }
  ].map((row) => ({ ...row, line: all.map((each) => [each.epsilon, row.at(each)] as const) }))
  return {
    views: [
      picture(clean, ink, {
        title: `An image of a ${label}`,
        describe: `A ${label} in 8 × 8 pixels.`
      }),
      picture(moved, (value) => diverging(0.5 + value / (2 * Math.max(pixel, 0.02))), {
        title: 'What PGD adds, from −ε to ε',
        describe: `No pixel moves by more than ${pixel}.`
      }),
      picture(attacked, ink, {
        title: `The sum is read as a ${read}`,
        describe: `The network reads a ${read}.`
      }),
      chart({
        title: `The share of ${TESTED} images that are still read correctly`,
        describe: `At ε = ${pixel} FGSM leaves ${fgsm}, PGD ${pgd}.`,
        x: linearAxis({ domain: [0, RADII.at(-1)!], label: 'ε of a pixel', wanted: 4 }),
        y: linearAxis({ domain: [0, 1], label: '', wanted: 5 }),
        marks: [
          line([[pixel, 0], [pixel, 1]], 'var(--ink)', { width: 1, dash: '4 3' }), // prettier-ignore
          ...shares.map(({ name, key, colour, line: points }) => keyed(key, name, line(points, colour))),
          dot([pixel, fgsm], FGSM, { radius: 5 }),
          dot([pixel, pgd], PGD, { radius: 5 })
        ],
        legend: shares.map(({ name, colour, key }) => ({ name, colour, key }))
      })
    ],
    facts: [
      { name: 'cleanShare', label: 'correct without an attack', value: curve()[0]!.pgd },
      { name: 'fgsmShare', label: 'correct under FGSM', value: fgsm, key: 'fgsm' },
      { name: 'pgdShare', label: 'correct under PGD', value: pgd, key: 'pgd' },
      { name: 'read', label: `the ${label} is read as`, value: read }
    ],
    say: `Under PGD ${showNumber(100 * pgd)} of 100 images are read correctly.`,
    executed: EXECUTED
  }
}
