import { withBase } from 'vitepress'

/** The first figure of a lesson is computed before its files are fetched once more, to be kept. */
const AFTER = 3000

let isAsked = false

/** Keeps the lessons in the browser once one of their pages is open; other pages ask for nothing. */
export const keepOffline = (path: string): void => {
  const isLesson = path.startsWith(withBase('/lessons/'))
  if (isAsked || !isLesson || !import.meta.env.PROD || !('serviceWorker' in navigator)) return
  isAsked = true
  // a browser that refuses works as it did without
  setTimeout(() => navigator.serviceWorker.register(withBase('/sw.js')).catch(() => undefined), AFTER)
}
