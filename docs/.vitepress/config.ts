import { cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { katex } from '@mdit/plugin-katex'
import { type DefaultTheme, defineConfig } from 'vitepress'
import { browserAlias } from '../../.config/vite.browser.js'
import { lessons } from '../lessons/lessons.js'
import { gpuApart, writeGpu } from './gpu.js'
import { writeOffline } from './offline/write.js'
import { fileFolder, files, inRepository, siteLink, titleOf } from './repository.js'

const { DOCS_BASE: base = '/', DOCS_ONLY: only } = process.env

const page = (name: string, text = titleOf(`docs/${name}.md`)): DefaultTheme.SidebarItem => ({
  text,
  link: `/${name}`
})

/** The decisions in their order, with their numbers. */
const decisions = (): DefaultTheme.SidebarItem[] =>
  readdirSync(inRepository('docs/decisions'))
    .filter((name) => /^\d+-/.test(name))
    .sort()
    .map((name) => page(`decisions/${name.replace(/\.md$/, '')}`))

/** The pages that TypeDoc wrote for a module or namespace: its own, then those of its namespaces. */
const reference = (path: string): DefaultTheme.SidebarItem[] => {
  const folder = inRepository(`docs/api/${path}/namespaces`)
  const inner = existsSync(folder)
    ? readdirSync(folder)
        .map((name) => name.replace(/\.md$/, ''))
        .sort()
    : []
  return [
    {
      text: path.replace(/^tangentflow\/namespaces\//, '').replaceAll('/namespaces/', '.'),
      link: existsSync(inRepository(`docs/api/${path}.md`)) ? `/api/${path}` : `/api/${path}/`
    },
    ...inner.flatMap((name) => reference(`${path}/namespaces/${name}`))
  ]
}

const sidebar: DefaultTheme.SidebarItem[] = [
  {
    text: 'Start',
    items: [
      'install',
      'guide',
      'ops',
      'promises',
      'cookbook',
      'translation',
      'concepts',
      'browser',
      'glossary'
    ].map((name) => page(name))
  },
  {
    text: 'Topics',
    items: [
      'ntk',
      'ntk-cost',
      'attacks',
      'robustness',
      'masks',
      'tickets',
      'experiments',
      'scale',
      'state',
      'onnx'
    ].map((name) => page(name))
  },
  {
    text: 'How it works',
    items: ['design', 'primitives', 'numbers', 'backends', 'kernels'].map((name) => page(name))
  },
  {
    text: 'The repository',
    items: [
      page('benchmarks', 'Benchmarks'),
      page('records', 'Experiments and records'),
      page('example', 'An example page'),
      page('mutation'),
      page('changelog', 'Changelog'),
      page('contributing', 'Contributing'),
      { text: 'API reference', link: '/api/' },
      { text: 'Decisions', link: '/decisions/' }
    ]
  }
]

// No group can be folded: the caret of one is a button inside a button, which screen readers cannot tell apart.
const sidebars: DefaultTheme.Sidebar = {
  '/api/': [
    {
      text: 'API reference',
      link: '/api/',
      items: ['', '/promise', '/experiment', '/io', '/blocks', '/queue', '/laws'].flatMap((entry) =>
        reference(`tangentflow${entry}`)
      )
    }
  ],
  '/lessons/': [
    {
      text: 'Lessons',
      link: '/lessons/',
      items: [
        ...lessons.map(({ name, title }) => page(`lessons/${name}`, `${Number(name.slice(0, 2))}. ${title}`)),
        page('lessons/teachers')
      ]
    }
  ],
  '/decisions/': [{ text: 'Decisions', link: '/decisions/', items: decisions() }],
  '/': sidebar
}

export default defineConfig({
  base,
  title: 'tangentflow',
  description: 'A functional dataflow framework for TypeScript with autodiff from scratch',
  lang: 'en',
  outDir: '../dist/docs',
  cacheDir: '../.cache/docs',
  // DOCS_ONLY names a folder that is built without the others, to which links then lead nowhere
  srcExclude: ['examples/**', ...(only === undefined ? [] : [`!(${only})/**`, '*.md'])],
  rewrites: { 'decisions/README.md': 'decisions/index.md' },
  ignoreDeadLinks: only !== undefined,
  cleanUrls: false,
  lastUpdated: false,
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: `${base}mark.svg` }]],
  markdown: {
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    config: (md) => {
      md.use(katex, {
        throwOnError: true,
        // Braces of TeX are not expressions of Vue; a wide formula scrolls, also by keyboard.
        transformer: (html: string, display: boolean) =>
          html.replace(/^<(\w+)/, display ? '<$1 v-pre tabindex="0"' : '<$1 v-pre')
      })
      // The reader can edit a region of a file, by its name.
      const { fence } = md.renderer.rules
      md.renderer.rules.fence = (...args) => {
        const html = fence!(...args)
        const [, region] = (args[0][args[1]] as { readonly src?: readonly string[] }).src ?? []
        return region === undefined || region === '' ? html : `<div data-region="${region}">${html}</div>`
      }
      md.core.ruler.push('site-links', ({ tokens, env }) => {
        const from = `docs/${(env as { relativePath: string }).relativePath}`
        for (const token of tokens.flatMap(({ children }) => children ?? [])) {
          const link = token.type === 'link_open' ? token.attrGet('href') : null
          if (link !== null) token.attrSet('href', siteLink(from, link))
        }
      })
    }
  },
  vite: {
    resolve: {
      alias: [...browserAlias, { find: /^tangentflow$/, replacement: inRepository('lib/index.ts') }]
    },
    worker: { format: 'es', rollupOptions: gpuApart(base) },
    // chunks are as large as the lessons' budget allows, which a spec holds
    build: { chunkSizeWarningLimit: 1500, rollupOptions: gpuApart(base) }
  },
  themeConfig: {
    nav: [
      { text: 'Guide', link: '/guide' },
      { text: 'Lessons', link: '/lessons/' },
      { text: 'Cookbook', link: '/cookbook' },
      { text: 'Concepts', link: '/concepts' },
      { text: 'API', link: '/api/' },
      { text: 'Glossary', link: '/glossary' }
    ],
    sidebar: sidebars,
    outline: [2, 3],
    search: { provider: 'local' },
    // the words that are seen
    notFound: { linkLabel: 'Take me home' }
  },
  buildEnd: async ({ outDir }) => {
    for (const file of files()) {
      const to = join(outDir, fileFolder, file)
      mkdirSync(dirname(to), { recursive: true })
      cpSync(inRepository(file), to)
    }
    writeGpu(outDir)
    await writeOffline(outDir)
  }
})
