import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium as playwright, type Page } from 'playwright'
import { build, preview, type PreviewServer } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chromium, chromiumArgs, noChromium } from '../../.config/chromium.js'
import { measured } from '../support/measured.js'

// The library as a page gets it: bundled, minified, and served by a plain server.

const configFile = fileURLToPath(new URL('../../.config/vite.bundle.config.ts', import.meta.url))
const outDir = mkdtempSync(join(tmpdir(), 'tangentflow-bundle-'))

/** Traces, compiles and runs a small function in the page; plain JavaScript, as a page has it. */
const inPage = (name: string): string => `
  (async () => {
    const { compile, evaluateOn, grad, ndarray, openEngine, ops, spec } = await import('/tangentflow.js')
    const f = (w, x) => ops.sum()(ops.tanh(ops.matmul(w)(x)))
    const both = (w, x) => [f(w, x), grad(f)(w, x)]
    const w = ndarray.of([3, 2], [0.1, -0.2, 0.3, 0.4, -0.5, 0.6])
    const x = ndarray.of([2, 3], [1, 2, 3, -1, 0.5, 2])
    const opened = await openEngine({ require: '${name}' })()
    if (opened._tag === 'Left') return opened.left
    const program = await compile(opened.right)(both, [spec([3, 2]), spec([2, 3])])()
    if (program._tag === 'Left') return program.left
    const ran = await program.right(w, x)()
    await opened.right.dispose()
    if (ran._tag === 'Left') return ran.left
    const [got, expected] = [ran.right.value, evaluateOn(both)(w, x)].map((pair) => pair.flatMap(({ data }) => [...data]))
    return { ran: ran.right.executed.engine, count: got.length, worst: Math.max(...expected.map((e, i) => Math.abs(e - got[i]))) }
  })()`

describe('the bundle', () => {
  let server: PreviewServer
  let browser: Browser | undefined
  let address = ''
  beforeAll(async () => {
    await build({ configFile, logLevel: 'error', build: { outDir } })
    server = await preview({
      configFile,
      logLevel: 'error',
      build: { outDir },
      preview: { port: 0, host: '127.0.0.1' }
    })
    address = server.resolvedUrls?.local[0] ?? ''
    if (chromium !== undefined)
      browser = await playwright.launch({ executablePath: chromium, args: [...chromiumArgs] })
  }, 180_000)
  afterAll(async () => {
    await browser?.close()
    await server.close()
    rmSync(outDir, { recursive: true, force: true })
  })

  /** Opens the example page, and collects what goes wrong on it. */
  const open = async (context: { readonly skip: (note: string) => never }) => {
    if (browser === undefined) return context.skip(noChromium)
    const page: Page = await browser.newPage({ viewport: { width: 1000, height: 1100 } })
    const faults: string[] = []
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text())
    })
    page.on('pageerror', (error) => faults.push(error.message))
    const requested: string[] = []
    page.on('request', (request) => requested.push(new URL(request.url()).pathname))
    await page.goto(address)
    return { page, faults, requested }
  }

  it('asks for nothing of Node', () => {
    const scripts = readdirSync(outDir).filter((file) => file.endsWith('.js'))
    expect(scripts).toContain('tangentflow.js')
    for (const file of scripts)
      expect(readFileSync(join(outDir, file), 'utf8')).not.toMatch(/(from|import\(|require\()\s*["'`]node:/)
  })

  it('loads gpu.js and ONNX Runtime only when an engine of theirs is opened', async (context) => {
    const { page, requested } = await open(context)
    await page.waitForLoadState('networkidle')
    const scripts = () => requested.filter((path) => path.endsWith('.js') || path.endsWith('.wasm')).sort()
    const first = ['/digits.js', '/rolldown-runtime.js', '/tangentflow.js']
    expect(scripts()).toEqual(first)
    await page.evaluate(inPage('gpujs:webasm'))
    expect(scripts()).toEqual([...first, '/gpu-browser.js'].sort())
    await page.close()
  })

  it.for(['reference', 'gpujs:webasm', 'gpujs:webgl2', 'onnx:wasm'])(
    'traces, compiles and runs on %s',
    async (name, context) => {
      const { page, faults } = await open(context)
      const { ran, count, worst } = (await page.evaluate(inPage(name))) as Record<string, unknown>
      expect({ ran, count }).toEqual({ ran: name, count: 7 })
      expect(worst).toBeLessThan(1e-5)
      expect(faults).toEqual([])
      await page.close()
    }
  )

  it('refuses what a page cannot have', async (context) => {
    const { page } = await open(context)
    for (const name of ['onnx:native', 'gpujs:headlessgl'])
      expect(await page.evaluate(inPage(name))).toMatchObject({
        _tag: 'EngineError',
        operation: 'openEngine'
      })
    await page.close()
  })

  it('carries the example: a network is trained, attacked and seen through its kernel', async (context) => {
    const { page, faults } = await open(context)
    await page.selectOption('[name=engine]', 'gpujs:webasm')
    await page.fill('[name=steps]', '150')
    await page.click('button')
    await page.waitForFunction("['done', 'failed'].includes(document.querySelector('#status').dataset.state)")
    const status = (await page.textContent('#status')) ?? ''
    expect(status).toMatch(/^gpu\.js .* webasm: 150 steps/)
    const [clean, robust] = [...status.matchAll(/([\d.]+) %/g)].map(([, share]) => Number(share))
    expect(clean).toBeGreaterThan(85)
    expect(robust).toBeLessThan(clean!)
    expect(await page.locator('#images figure').count()).toBe(20)
    expect(await page.locator('#kernels svg').count()).toBe(2)
    expect(faults).toEqual([])
    const { SCREENSHOT } = process.env
    if (SCREENSHOT !== undefined) await page.screenshot({ path: SCREENSHOT, fullPage: true })
    measured(context, `the example in a page: ${status}`)
    await page.close()
  })
})
