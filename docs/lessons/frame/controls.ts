/** A slider over some values. */
export interface Range {
  readonly kind: 'range'
  readonly label: string
  /** In rising order. */
  readonly values: readonly number[]
  readonly value: number
}

/** One of a few words, each with its label. */
export interface Choice<Word extends string = string> {
  readonly kind: 'choice'
  readonly label: string
  readonly options: Readonly<Record<Word, string>>
  readonly value: NoInfer<Word>
}

/** Numbers that are dragged in a figure, such as the coordinates of points. */
export interface Points {
  readonly kind: 'points'
  readonly label: string
  readonly min: number
  readonly max: number
  /** What an arrow key moves by; values are rounded to it. */
  readonly step: number
  readonly value: readonly number[]
}

/** The key of everything random; always shown, and never hidden. */
export interface Seed {
  readonly kind: 'seed'
  readonly label: string
  readonly value: number
}

/** A line of text, such as an expression. */
export interface Line {
  readonly kind: 'line'
  readonly label: string
  /** What a button writes there, by its name. */
  readonly examples: Readonly<Record<string, string>>
  readonly value: string
}

/** What a reader can change. `value` is what it starts at. */
export type Control = Range | Choice | Points | Seed | Line

export type Controls = Readonly<Record<string, Control>>

type ValueOf<C extends Control> =
  C extends Choice<infer Word>
    ? Word
    : C extends Points
      ? readonly number[]
      : C extends Line
        ? string
        : number

/** The values of all controls. */
export type StateOf<C extends Controls> = { readonly [K in keyof C]: ValueOf<C[K]> }

/** A state whose controls are not known by name. */
export type State = Readonly<Record<string, number | string | readonly number[]>>

const rounded = (value: number): number => Number(value.toPrecision(12))

/** A slider over given values, or from `min` to `max` by `step`. */
export const range = (
  label: string,
  values: readonly number[] | { readonly min: number; readonly max: number; readonly step: number },
  value: number
): Range => ({
  kind: 'range',
  label,
  value,
  values:
    'min' in values
      ? Array.from({ length: Math.round((values.max - values.min) / values.step) + 1 }, (_, i) =>
          rounded(values.min + i * values.step)
        )
      : values
})

/** A choice of a few words. */
export const choice = <const Word extends string>(
  label: string,
  options: Readonly<Record<Word, string>>,
  value: NoInfer<Word>
): Choice<Word> => ({ kind: 'choice', label, options, value })

/** Numbers to drag, all with the same bounds. */
export const points = (
  label: string,
  { min, max, step }: { readonly min: number; readonly max: number; readonly step: number },
  value: readonly number[]
): Points => ({ kind: 'points', label, min, max, step, value })

/** A line of text that starts as the first of some examples. */
export const textLine = (label: string, examples: Readonly<Record<string, string>>): Line => ({
  kind: 'line',
  label,
  examples,
  value: Object.values(examples)[0] ?? ''
})

/** The seed of a lesson. */
export const seed = (value = 0): Seed => ({ kind: 'seed', label: 'seed', value })

/** The place of the value of a slider that is nearest to a number. */
export const nearest = (values: readonly number[], wanted: number): number =>
  values.reduce(
    (best, value, i) => (Math.abs(value - wanted) < Math.abs(values[best]! - wanted) ? i : best),
    0
  )

const MOST_SEED = 999_999
const MOST_LETTERS = 200

/** The nearest value that a control can have, or what it starts at where there is none. */
export const admitted = (control: Control, value: unknown): State[string] => {
  switch (control.kind) {
    case 'choice':
      return typeof value === 'string' && Object.hasOwn(control.options, value) ? value : control.value
    case 'line':
      return typeof value === 'string' && value.length <= MOST_LETTERS ? value : control.value
    case 'points': {
      const { min, max, step } = control
      return Array.isArray(value) && value.length === control.value.length && value.every(Number.isFinite)
        ? value.map((one) => rounded(Math.min(max, Math.max(min, Math.round(Number(one) / step) * step))))
        : control.value
    }
    case 'range':
      return typeof value === 'number' && Number.isFinite(value)
        ? control.values[nearest(control.values, value)]!
        : control.value
    case 'seed':
      return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MOST_SEED
        ? value
        : control.value
  }
}

const parsed = ({ kind }: Control, text: string): unknown =>
  kind === 'choice' || kind === 'line'
    ? text
    : kind === 'points'
      ? text.split(',').map((part) => (part === '' ? NaN : Number(part)))
      : text === ''
        ? NaN
        : Number(text)

/** What every control starts at. */
export const initial = <C extends Controls>(controls: C): StateOf<C> => stateFrom(controls, () => null)

/** The state that a query has; what is missing there, or no value of its control, is as at the start. */
export const stateFrom = <C extends Controls>(
  controls: C,
  textOf: (name: string) => string | null
): StateOf<C> =>
  Object.fromEntries(
    Object.entries(controls).map(([name, control]) => {
      const text = textOf(name)
      return [name, text === null ? control.value : admitted(control, parsed(control, text))]
    })
  ) as StateOf<C>

/** A value as a query has it. */
export const textOf = (value: State[string]): string =>
  typeof value === 'object' ? value.join(',') : String(value)
