import 'katex/dist/katex.min.css'
import type { Theme } from 'vitepress'
import theme from 'vitepress/theme'
import { Exercise, Figure, Predict } from './lesson-block.js'
import './lesson.css'
import './site.css'

export default {
  extends: theme,
  enhanceApp: ({ app }) => {
    for (const [name, component] of Object.entries({ Exercise, Figure, Predict }))
      app.component(name, component)
  }
} satisfies Theme
