import { element, group, linear, type Markup, type Scale, ticks } from './svg.js'

/** Where values lie along one side of a plot, and which of them are named. */
export interface Axis {
  readonly scale: Scale
  readonly marks: readonly { readonly value: number; readonly text: string }[]
  /** What it measures, with its unit. */
  readonly label: string
}

/** The inside of a plot, in pixels. */
export interface Frame {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹'

/** `10⁻³`, and 0.01 to 1000 as they are. */
const powerOfTen = (exponent: number): string =>
  exponent >= -2 && exponent <= 3
    ? String(Number(`1e${exponent}`))
    : `10${exponent < 0 ? '⁻' : ''}${[...String(Math.abs(exponent))].map((digit) => SUPERSCRIPTS[Number(digit)]).join('')}`

/** A number for a person: a few digits, and powers of ten where it is very large or small. */
export const showNumber = (value: number): string => {
  const size = Math.abs(value)
  if (size !== 0 && (size >= 1e5 || size < 1e-3)) {
    const exponent = Math.floor(Math.log10(size))
    const digits = Number((value / 10 ** exponent).toPrecision(3))
    return digits === 1 ? powerOfTen(exponent) : `${digits} · ${powerOfTen(exponent)}`.replace('-', '−')
  }
  return String(Number(value.toPrecision(4))).replace('-', '−')
}

/** An axis with round numbers, from `from` at `start` to `to` at `end`. */
export const linearAxis = (
  [from, to]: readonly [number, number],
  [start, end]: readonly [number, number],
  wanted: number,
  label: string
): Axis => ({
  scale: linear(from, to, start, end),
  marks: ticks(from, to, wanted).map((value) => ({ value, text: showNumber(value) })),
  label
})

/** An axis of powers of ten, at most `wanted` of them named; 1, 2 and 5 times a power where it spans less than two. */
export const logAxis = (
  [from, to]: readonly [number, number],
  [start, end]: readonly [number, number],
  wanted: number,
  label: string
): Axis => {
  const [low, high] = [Math.log10(from), Math.log10(to)]
  const scale = linear(low, high, start, end)
  const [first, last] = [Math.ceil(low - 1e-9), Math.floor(high + 1e-9)]
  const every = Math.max(1, Math.ceil((last - first + 1) / wanted))
  const decades = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i)
  const marks =
    high - low < 2
      ? [first - 1, ...decades].flatMap((exponent) =>
          [1, 2, 5]
            .map((digit) => digit * 10 ** exponent)
            .filter((value) => value >= from * (1 - 1e-9) && value <= to * (1 + 1e-9))
        )
      : decades.filter((exponent) => (exponent - last) % every === 0).map((exponent) => 10 ** exponent)
  return {
    scale: (value) => scale(Math.log10(value)),
    marks: marks.map((value) => {
      const exponent = Math.round(Math.log10(value))
      const isPower = Math.abs(value / 10 ** exponent - 1) < 1e-9
      return { value, text: isPower ? powerOfTen(exponent) : showNumber(value) }
    }),
    label
  }
}

/** Grid lines of the vertical axis, and both axes' numbers and labels. */
export const axes = (x: Axis, y: Axis, { left, right, top, bottom }: Frame): Markup =>
  group(
    ...y.marks.map(({ value, text }) =>
      group(
        element('line', { class: 'grid', x1: left, x2: right, y1: y.scale(value), y2: y.scale(value) }),
        element('text', { x: left - 8, y: y.scale(value) + 4, 'text-anchor': 'end' }, text)
      )
    ),
    ...x.marks.map(({ value, text }) =>
      element('text', { x: x.scale(value), y: bottom + 20, 'text-anchor': 'middle' }, text)
    ),
    element('text', { x: (left + right) / 2, y: bottom + 42, 'text-anchor': 'middle' }, x.label),
    element('text', { x: 16, y: top - 14 }, y.label)
  )
