/**
 * The look of the site: VitePress with KaTeX, the blocks of lessons (`lesson-block.ts`) and the service worker that keeps pages offline
 * (`keep-offline.ts`).
 */
import 'katex/dist/katex.min.css'
import type { Theme } from 'vitepress'
import theme from 'vitepress/theme'
import { keepOffline } from './keep-offline.js'
import { Code, Exercise, Figure, Predict } from './lesson-block.js'
import './lesson.css'
import './site.css'

export default {
  extends: theme,
  enhanceApp: ({ app, router }) => {
    for (const [name, component] of Object.entries({ Code, Exercise, Figure, Predict }))
      app.component(name, component)
    if (!import.meta.env.SSR && location.pathname.includes('/lessons/'))
      void import('../../lessons/frame/mount.js').then(({ loadEarly }) => loadEarly(location.pathname))
    if (!import.meta.env.SSR) router.onAfterRouteChange = () => keepOffline(location.pathname)
  }
} satisfies Theme
