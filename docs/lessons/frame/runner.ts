import { type EditedOrder, PATIENCE, type Told } from './work.js'

/** Runs the code of a reader in a worker of its own. */
export interface Runner {
  readonly order: (order: EditedOrder) => void
  /** Ends the worker, whatever it does. */
  readonly stop: () => void
}

/** A runner that has loaded nothing yet. */
export const openRunner = (tell: (told: Told) => void): Runner => {
  let worker: Worker | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  const stop = (): void => {
    clearTimeout(timer)
    worker?.terminate()
    worker = undefined
  }
  const order = (asked: EditedOrder): void => {
    const fail = (text: string): void => {
      stop()
      tell({ figure: asked.figure, run: asked.run, kind: 'error', text })
    }
    const wait = (): void => {
      clearTimeout(timer)
      timer = setTimeout(
        () => fail(`Nothing came of this code for ${PATIENCE / 1000} seconds, so it was stopped.`),
        PATIENCE
      )
    }
    worker ??= new Worker(new URL('./edited-worker.ts', import.meta.url), { type: 'module' })
    worker.onmessage = ({ data }: MessageEvent<Told>) => {
      if (data.kind === 'end' || data.kind === 'error') clearTimeout(timer)
      else wait()
      tell(data)
    }
    worker.onerror = ({ message }) => fail(message)
    wait()
    worker.postMessage(asked)
  }
  return { order, stop }
}
