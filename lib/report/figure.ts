import { palette } from './style.js'
import { element, type Markup } from './svg.js'

const look = `${palette('svg.figure')}
svg.figure { max-width: 100%; height: auto; }
svg.figure text { font: 13px system-ui, sans-serif; }
svg.figure text:not(.name) { fill: var(--quiet); }
svg.figure text.title { font-size: 15px; font-weight: 600; fill: var(--ink); }
svg.figure text.name { font-weight: 600; }
svg.figure .paper { fill: var(--paper); }
svg.figure .grid { stroke: var(--rule); stroke-width: 1; }
svg.figure .edge { stroke: var(--rule); stroke-width: 1; fill: none; }
`

/** The room for a title at the top of a drawing, in pixels. */
export const TITLE_ROOM = 36

/** What a plot draws, and the room it takes, in pixels, that for a title included. */
export interface Drawing {
  readonly width: number
  readonly height: number
  readonly parts: readonly Markup[]
}

/**
 * A picture that stands alone: an SVG file with its own look, light or dark as the reader's screen is, which may also be
 * put into a page as it is. The title is drawn above, and is what a screen reader says.
 */
export const figure = (
  width: number,
  height: number,
  title: string,
  ...children: readonly Markup[]
): string =>
  element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      class: 'figure',
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: 'img',
      'aria-label': title
    },
    element('style', {}, look),
    element('rect', { class: 'paper', width, height }),
    element('text', { class: 'title', x: 16, y: 26 }, title),
    ...children
  ).text
