import type { Controls, State, StateOf } from './controls.js'

/** The value of an Either of the library; the message of a Left is thrown, which the figure shows. */
export { getOrThrow as right } from '../../../lib/core/error.js'

/** One of the numbers that a figure shows. */
export interface Fact {
  /** What exercises and tests call it. */
  readonly name: string
  /** What the reader sees before it, such as `λ₁`. */
  readonly label: string
  readonly value: number
  /** The value as the reader sees it. @defaultValue a few digits */
  readonly text?: string
  /** What is marked together with it. */
  readonly key?: string
}

/** What one direction of a drag changes: pixels of the view are mapped to values linearly. */
export interface DragAxis {
  /** The place in the control's numbers. */
  readonly place: number
  readonly pixels: readonly [from: number, to: number]
  readonly values: readonly [from: number, to: number]
}

/** A point of a view that can be dragged, and moved by the arrow keys. */
export interface Handle {
  /** A control of kind `points`. */
  readonly control: string
  /** What it is, for a screen reader. */
  readonly label: string
  /** Where it is, as text. */
  readonly text: string
  /** In pixels of the view. */
  readonly at: readonly [x: number, y: number]
  readonly x?: DragAxis
  readonly y?: DragAxis
  readonly colour?: string
}

/** A name beside a view, with what it is marked by. */
export interface LegendRow {
  readonly name: string
  readonly colour: string
  readonly key?: string
}

/** One picture of a figure. */
export interface View {
  readonly title: string
  /** What there is to see, for those who cannot. */
  readonly describe: string
  /** In pixels. */
  readonly width: number
  readonly height: number
  /** What is inside the `<svg>`. Elements with equal `data-key` are marked together. */
  readonly body: string
  readonly legend?: readonly LegendRow[]
  readonly handles?: readonly Handle[]
}

/** What a figure shows for a state, or so far. */
export interface Frame {
  readonly views: readonly View[]
  readonly facts: readonly Fact[]
  /** Program text, which is shown below the pictures. */
  readonly code?: string
  /** One sentence that says what changed, for a screen reader. */
  readonly say: string
  /** The engine that computed it. */
  readonly executed: string
  /** How much of the work is done, from 0 to 1. @defaultValue 1 */
  readonly progress?: number
}

/** Draws a figure: at once, or frame by frame where the work takes longer; the last one is the figure. */
export type Draw<S> = (state: S) => Frame | Iterable<Frame> | AsyncIterable<Frame>

/** A figure as the page knows it before anything is computed. */
export interface FigureFrame<Name extends string = string> {
  readonly title: string
  /** The controls beside it. */
  readonly controls: readonly Name[]
  /** The controls of other figures that it depends on. */
  readonly reads?: readonly Name[]
  /** Where it is computed: work over 100 ms belongs into a worker. */
  readonly where: 'page' | 'worker'
}

/** A question before a figure is shown. */
export interface Prediction {
  /** Word → what the reader sees. */
  readonly options: Readonly<Record<string, string>>
  /** The word of the right one. */
  readonly answer: string
}

/** The number of a fact. */
export type Facts = (name: string) => number

/** A question whose answer is checked. */
export type Exercise<S = State, Some = S> =
  | {
      readonly kind: 'number'
      readonly answer: number
      /** How far an answer may be off. */
      readonly within: number
      /** A wrong answer that someone gives who has not understood. */
      readonly wrong: number
    }
  | {
      readonly kind: 'choice'
      readonly options: Readonly<Record<string, string>>
      readonly answer: string
    }
  | {
      readonly kind: 'reach'
      /** The figure that is to show it. */
      readonly figure: string
      readonly reached: (facts: Facts, state: S) => boolean
      /** A state that is right. */
      readonly example: Some
    }

/** What a page knows of its lesson before anything is computed. */
export interface Lesson<C extends Controls = Controls> {
  readonly controls: C
  readonly figures: Readonly<Record<string, FigureFrame<keyof C & string>>>
  readonly predictions: Readonly<Record<string, Prediction>>
  readonly exercises: Readonly<Record<string, Exercise<StateOf<C>, Partial<StateOf<C>>>>>
}

/** A lesson whose controls are not known by name. */
export type AnyLesson = Omit<Lesson, 'exercises'> & { readonly exercises: Readonly<Record<string, Exercise>> }

/** Every figure of a lesson by its name. */
export type Figures<S> = Readonly<Record<string, Draw<S>>>
