import { listen } from './dom.js'
import type { DragAxis, Handle } from './lesson.js'
import type { Session } from './session.js'

/** The handles of the views that are shown, by the place of a view and of a handle in it. */
export type HandleAt = (view: number, handle: number) => Handle | undefined

const valueAt = ({ pixels: [p, q], values: [from, to] }: DragAxis, pixel: number): number =>
  from + ((pixel - p) / (q - p)) * (to - from)

const arrows: Readonly<Record<string, readonly ['x' | 'y', 1 | -1]>> = {
  ArrowLeft: ['x', -1],
  ArrowRight: ['x', 1],
  ArrowUp: ['y', 1],
  ArrowDown: ['y', -1]
}

/** Lets the handles of a figure be dragged by pointer, and moved by arrow keys, ten steps at a time with Shift; switches are turned by a click or Space. */
export const dragHandles = (
  host: HTMLElement,
  session: Session,
  handleAt: HandleAt
): readonly (() => void)[] => {
  let dragged: { readonly view: number; readonly handle: number } | undefined

  const placeOf = (target: EventTarget | null): typeof dragged => {
    const element = target instanceof Element ? target.closest<SVGElement>('[data-handle]') : null
    const [view, handle] = (element?.dataset.handle ?? '').split('-').map(Number)
    return view === undefined || handle === undefined ? undefined : { view, handle }
  }
  const change = (handle: Handle, moved: readonly (readonly [DragAxis | undefined, number])[]): void => {
    const numbers = session.state()[handle.control]
    if (typeof numbers !== 'object') return
    const next = [...numbers]
    for (const [axis, value] of moved) if (axis !== undefined) next[axis.place] = value
    session.set({ [handle.control]: next })
  }
  /** Turns a number of two values, such as one of a mask, to the other; whether it is one. */
  const turn = (handle: Handle | undefined): boolean => {
    const control = handle && session.lesson.controls[handle.control]
    const numbers = handle && session.state()[handle.control]
    if (control?.kind !== 'points' || typeof numbers !== 'object' || handle?.x === undefined) return false
    const { min, max, step } = control
    if (max - min !== step) return false
    change(handle, [[handle.x, min + max - numbers[handle.x.place]!]])
    return true
  }
  const move = ({ clientX, clientY }: PointerEvent): void => {
    const handle = dragged && handleAt(dragged.view, dragged.handle)
    const svg = dragged && host.querySelectorAll('svg')[dragged.view]
    if (handle === undefined || svg === undefined) return
    const { left, top, width, height } = svg.getBoundingClientRect()
    const box = svg.viewBox.baseVal
    const x = ((clientX - left) / width) * box.width
    const y = ((clientY - top) / height) * box.height
    change(handle, [
      [handle.x, handle.x === undefined ? 0 : valueAt(handle.x, x)],
      [handle.y, handle.y === undefined ? 0 : valueAt(handle.y, y)]
    ])
  }
  const key = (event: KeyboardEvent): void => {
    const place = placeOf(event.target)
    const [direction, sign] = arrows[event.key] ?? []
    const handle = place && handleAt(place.view, place.handle)
    if ((event.key === ' ' || event.key === 'Enter') && turn(handle)) event.preventDefault()
    if (handle === undefined || direction === undefined || sign === undefined) return
    const control = session.lesson.controls[handle.control]
    const numbers = session.state()[handle.control]
    const axis = handle[direction] ?? handle[direction === 'x' ? 'y' : 'x']
    if (control?.kind !== 'points' || typeof numbers !== 'object' || axis === undefined) return
    event.preventDefault()
    change(handle, [[axis, numbers[axis.place]! + sign * control.step * (event.shiftKey ? 10 : 1)]])
  }
  return [
    listen(host, 'pointerdown', (event) => {
      dragged = placeOf(event.target)
      if (dragged === undefined) return
      const { view, handle } = dragged
      event.preventDefault()
      host.querySelector<SVGElement>(`[data-handle="${view}-${handle}"]`)?.focus()
      if (turn(handleAt(view, handle))) dragged = undefined
      else host.setPointerCapture(event.pointerId)
    }),
    listen(host, 'pointermove', move),
    listen(host, 'pointerup', () => (dragged = undefined)),
    listen(host, 'pointercancel', () => (dragged = undefined)),
    listen(host, 'keydown', key)
  ]
}
