/** Maps values to pixels. */
export type Scale = (value: number) => number

/** A value that is named beside an axis. */
export interface Tick {
  readonly value: number
  readonly text: string
  /** A CSS colour, for the name of a thing that has one. */
  readonly colour?: string
}

/** Where values lie along one side of a plot, and which of them are named. */
export interface Axis {
  readonly scale: Scale
  readonly ticks: readonly Tick[]
  /** What it measures, with its unit. */
  readonly label: string
}

/** An axis, once the frame knows from which pixel to which it reaches. */
export type AxisOn = (pixels: readonly [start: number, end: number]) => Axis

/** What an axis shows. */
export interface AxisOptions {
  /** The values at its start and at its end. */
  readonly domain: readonly [from: number, to: number]
  readonly label: string
  /**
   * About how many values are named.
   *
   * @defaultValue 5
   */
  readonly wanted?: number
  /**
   * Pixels that are left free at both ends.
   *
   * @defaultValue 0
   */
  readonly inset?: number
  /** Whether only whole numbers are named, as of what is counted. @defaultValue false */
  readonly whole?: boolean
}

/** The scale that maps [from, to] to [start, end]. */
export const linear = (from: number, to: number, start: number, end: number): Scale => {
  // the distance of two numbers may be none, that of their halves is one
  const unit = Number.isFinite(to - from) ? 1 : 0.5
  const distance = unit * to - unit * from || 1
  return (value) => start + ((unit * value - unit * from) / distance) * (end - start)
}

/** Round numbers from `from` to `to`: about `wanted` steps of 1, 2 or 5 times a power of ten. */
export const roundNumbers = (from: number, to: number, wanted: number): readonly number[] => {
  const distance = to - from
  const rough = Number.isFinite(distance) ? (distance || 1) / wanted : to / wanted - from / wanted
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * (rough / power < 1.5 ? 1 : rough / power < 3.5 ? 2 : rough / power < 7.5 ? 5 : 10)
  const first = Math.ceil(from / step - 1e-9)
  const last = Math.floor(to / step + 1e-9)
  const count = last - first + 1
  // a distance at the limits of float64 has no round parts
  if (!(count > 0 && count <= 10 * wanted)) return []
  // divided rather than multiplied by a fraction, so that 0.3 is not 0.30000000000000004
  return Array.from({ length: count }, (_, i) => Number(((first + i) * step).toPrecision(12)))
}

/** A number as it is, or the finite one next to it. */
export const finite = (value: number): number =>
  Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value))

/** The least and the largest of some values, which may be more than a call takes arguments. */
export const boundsOf = (values: readonly number[]): readonly [least: number, most: number] => {
  let [least, most] = [Infinity, -Infinity]
  for (const value of values) {
    least = Math.min(least, value)
    most = Math.max(most, value)
  }
  return [least, most]
}

/** The bounds of some values, with a share of their distance added at both ends. */
export const extentOf = (values: readonly number[], margin = 0): readonly [number, number] => {
  const [least, most] = boundsOf(values)
  const half = Math.abs(most) / 2
  // half of the smallest numbers rounds to nothing
  const room = least < most ? margin * finite(most - least) : least - half < least ? half : 0.5
  return [finite(least - room), finite(most + room)]
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
    const [digits = 0, exponent = 0] = value.toExponential(2).split('e').map(Number)
    return digits === 1 ? powerOfTen(exponent) : `${digits} · ${powerOfTen(exponent)}`.replace('-', '−')
  }
  return String(Number(value.toPrecision(4))).replace('-', '−')
}

/** An axis with round numbers. */
export const linearAxis =
  ({ domain: [from, to], label, wanted = 5, inset = 0, whole = false }: AxisOptions): AxisOn =>
  ([start, end]) => {
    const free = Math.sign(end - start) * inset
    return {
      scale: linear(from, to, start + free, end - free),
      ticks: roundNumbers(from, to, wanted)
        .filter((value) => !whole || Number.isInteger(value))
        .map((value) => ({ value, text: showNumber(value) })),
      label
    }
  }

/** An axis of powers of ten, at most `wanted` of them named; 1, 2 and 5 times a power where it spans less than two. */
export const logAxis = ({ domain: [from, to], label, wanted = 5, inset = 0 }: AxisOptions): AxisOn => {
  const [low, high] = [Math.log10(from), Math.log10(to)]
  const [first, last] = [Math.ceil(low - 1e-9), Math.floor(high + 1e-9)]
  const every = Math.max(1, Math.ceil((last - first + 1) / wanted))
  const decades = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i)
  const values =
    high - low < 2
      ? [first - 1, ...decades]
          .flatMap((exponent) => [1, 2, 5].map((digit) => digit * 10 ** exponent))
          .filter((value) => value >= from * (1 - 1e-9) && value <= finite(to * (1 + 1e-9)))
      : decades.filter((exponent) => (exponent - last) % every === 0).map((exponent) => 10 ** exponent)
  const ticks = values.map((value) => {
    const exponent = Math.round(Math.log10(value))
    const isPower = Math.abs(value / 10 ** exponent - 1) < 1e-9
    return { value, text: isPower ? powerOfTen(exponent) : showNumber(value) }
  })
  const exponents = linearAxis({ domain: [low, high], label, inset })
  return (pixels) => {
    const { scale } = exponents(pixels)
    return { scale: (value) => scale(Math.log10(value)), ticks, label }
  }
}
