import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { measured } from '../support/measured.js'
import {
  bundleIn,
  execute,
  install,
  isOffline,
  pack,
  projects,
  readme,
  sizeOf,
  sizeOnDisk,
  tool,
  write
} from './projects.js'

const MB = 1e6
/** Keeps a page that imports `grad` from growing unnoticed. The aim is 20,000: rules and values of all primitives come along. */
const GRAD_PAGE = 41_500
/** What the commit before this suite took. */
const INSTANTIATIONS = 1077
const none = 'npm:empty-npm-package@1.0.0'

const { folder } = projects()
const [plain, light] = [join(folder, 'plain'), join(folder, 'light')]
let tarball = ''
let offline = false

beforeAll(() => {
  tarball = pack(folder)
  const dependencies = { tangentflow: `file:${tarball}` }
  write(plain, { 'package.json': { private: true, dependencies } })
  write(light, {
    'package.json': { private: true, dependencies, overrides: { webgpu: none, gl: none } }
  })
  try {
    install(plain)
    install(light)
  } catch (error) {
    if (!isOffline(error)) throw error
    offline = true
  }
})

const needsRegistry = (context: { readonly skip: (condition: boolean, note: string) => void }): void =>
  context.skip(offline, 'npm reaches no registry, and its cache lacks a package')

/** A gradient and a program, on an engine that needs no optional package. */
const program = `
  const gradient = evaluateOn(grad((x) => ops.sum()(ops.square(x))))(ndarray.of([2], [1, -3]))
  if (gradient.data.join() !== '2,-6') throw new Error('gradient ' + gradient.data.join())
  const result = await withEngine({ require: ENGINE })((engine) => run(engine)((x) => ops.tanh(x))(ndarray.of([1], [0])))()
  if (result._tag === 'Left') throw new Error(JSON.stringify(result.left))
  console.log(result.right.executed.engine)`
const names = '{ evaluateOn, grad, ndarray, ops, run, withEngine }'
const esm = `import ${names} from 'tangentflow'\n${program}\n`
const commonjs = `void (async () => {\nconst ${names} = await import('tangentflow')\n${program}\n})()\n`

describe('what is installed', () => {
  it('is at most 145 MB, 60 with the overrides of docs/install.md, and 1.2 packed', (context) => {
    const packed = sizeOf(tarball)
    expect(packed).toBeLessThanOrEqual(1.2 * MB)
    needsRegistry(context)
    const [all, some] = [plain, light].map((project) => sizeOnDisk(join(project, 'node_modules')) / 2 ** 20)
    measured(
      context,
      `MiB installed: ${all!.toFixed()}, with overrides ${some!.toFixed()}; packed ${packed} bytes`
    )
    expect(all).toBeLessThanOrEqual(145)
    expect(some).toBeLessThanOrEqual(60)
  })

  it.for([
    ['plain', 'main.mjs', esm],
    ['light', 'main.mjs', esm],
    ['light', 'main.cjs', commonjs]
  ] as const)('computes in an empty project: %s, %s', ([project, file, source], context) => {
    needsRegistry(context)
    write(join(folder, project), { [file]: source.replace('ENGINE', "'gpujs:webasm'") })
    expect(execute(join(folder, project), process.execPath, file)).toBe('gpujs:webasm\n')
  })

  it('has the command', (context) => {
    needsRegistry(context)
    expect(execute(light, 'npx', '--no-install', 'tangentflow', '--version')).toMatch(/^\d+\.\d+\.\d+\n$/)
    const help: unknown = JSON.parse(
      execute(light, 'npx', '--no-install', 'tangentflow', 'data', '--help', '--json')
    )
    expect(help).toMatchObject({ help: expect.stringContaining('tangentflow data') as string })
  })
})

describe('its types', () => {
  it.for([
    ['esnext', 'bundler'],
    ['node16', 'node16'],
    ['nodenext', 'nodenext']
  ] as const)('are there under module %s, resolution %s', ([module, moduleResolution], context) => {
    needsRegistry(context)
    const compilerOptions = {
      ...{ module, moduleResolution, target: 'es2022', strict: true },
      ...{ noEmit: true, skipLibCheck: true, types: [], lib: ['es2023', 'dom'] }
    }
    write(light, {
      'types.mts':
        "import { grad, type Tensor } from 'tangentflow'\n" +
        'const slope: (x: Tensor) => Tensor = grad((x: Tensor) => x)\n' +
        '// @ts-expect-error the gradient has the type of its argument\n' +
        'const wrong: (x: string) => string = slope\nexport { wrong }\n',
      'tsconfig.json': { compilerOptions, files: ['types.mts'] }
    })
    tool(light, 'tsc')
  })
})

describe('ten files like the pipeline of the README', () => {
  it('take the compiler no more instantiations than they did', (context) => {
    needsRegistry(context)
    const source = /```ts\n([^]*?)```/
      .exec(readme())![1]!
      .split('\n')
      .filter((line) => !line.includes('assert'))
    const files = Array.from({ length: 10 }, (_, i) => `pipeline-${i}.mts`)
    const compilerOptions = {
      ...{ module: 'nodenext', target: 'es2022', strict: true },
      ...{ noEmit: true, skipLibCheck: true, types: [], lib: ['es2023', 'dom'] }
    }
    write(light, {
      ...Object.fromEntries(files.map((file) => [file, source.join('\n')])),
      'tsconfig.json': { compilerOptions, files }
    })
    const instantiations = Number(
      /Instantiations:\s+(\d+)/.exec(tool(light, 'tsc', '--extendedDiagnostics'))![1]
    )
    measured(context, `types instantiated in ten files: ${instantiations}`)
    expect(instantiations).toBeLessThanOrEqual(INSTANTIATIONS)
  })
})

describe('the tarball', () => {
  it('has no fault that publint finds', () => {
    expect(tool(folder, 'publint', tarball, '--strict')).toContain('All good!')
  })

  it('has types that resolve as ES modules wherever attw looks', () => {
    expect(tool(folder, 'attw', tarball, '--profile', 'esm-only')).toContain('🟢 (ESM)')
  })
})

describe('a page that imports grad', () => {
  const page = "import { grad } from 'tangentflow'\nglobalThis.grad = grad\n"

  it('is small with Vite, without onnxruntime-web', (context) => {
    needsRegistry(context)
    write(light, { 'index.html': '<script type="module" src="page.js"></script>', 'page.js': page })
    tool(light, 'vite', 'build', '--logLevel', 'error')
    const { bytes, wasm } = bundleIn(join(light, 'dist'))
    measured(context, `a page with grad: ${bytes} bytes minified by Vite`)
    expect(wasm).toEqual([])
    expect(bytes).toBeLessThanOrEqual(GRAD_PAGE)
  })

  it('is bundled by esbuild too', (context) => {
    needsRegistry(context)
    write(light, { 'page.js': page })
    tool(
      light,
      'esbuild',
      'page.js',
      '--bundle',
      '--minify',
      '--format=esm',
      '--splitting',
      '--outdir=esbuilt'
    )
    const bytes = sizeOf(join(light, 'esbuilt/page.js'))
    measured(context, `a page with grad: ${bytes} bytes minified by esbuild`)
    expect(bundleIn(join(light, 'esbuilt')).wasm).toEqual([])
    expect(bytes).toBeLessThanOrEqual(GRAD_PAGE)
  })
})
