import type { Handle } from './lesson.js'
import { type PlotArea, showNumber } from './plots.js'

/** A point that a reader draws: it is moved up and down. */
interface DrawnPoint {
  readonly label: string
  readonly x: number
  readonly colour: string
}

/** A prediction that is drawn, point by point, on a logarithmic axis: its control has their heights as powers of ten, between those of the axis. */
export interface Sketch {
  readonly control: string
  readonly bounds: { readonly min: number; readonly max: number }
  readonly points: readonly DrawnPoint[]
}

/** Where the points of a sketch are. */
export const drawnPoints = ({ points }: Sketch, drawn: readonly number[]) =>
  points.map(({ x }, place) => [x, 10 ** drawn[place]!] as const)

/** What the points of a sketch are dragged by. */
export const sketchHandles =
  ({ control, bounds: { min, max }, points }: Sketch, drawn: readonly number[]) =>
  ({ x, y, top, bottom }: PlotArea): readonly Handle[] =>
    points.map(({ label, x: at, colour }, place) => {
      const value = 10 ** drawn[place]!
      return {
        control,
        label,
        text: showNumber(value),
        at: [x(at), y(value)],
        y: { place, pixels: [bottom, top], values: [min, max] },
        colour
      }
    })
