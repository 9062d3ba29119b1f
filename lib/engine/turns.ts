import { messageOf } from '../core/error.js'

/** Makes a queue of effects: each begins when the one before it has ended, however that went. */
export const turns = (): (<A>(effect: () => Promise<A>) => Promise<A>) => {
  let last: Promise<unknown> = Promise.resolve()
  return (effect) => {
    const next = last.then(effect)
    last = next.catch(messageOf)
    return next
  }
}
