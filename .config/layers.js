// Which part of the library may import which, as one table, and the ESLint rule that holds it.
// A part is a folder of lib/ (engine/<name> counts as its own part), `index` for lib/index.ts, or kernels.

const calculus = ['core', 'graph', 'diff']
const engine = [...calculus, 'optimise', 'engine']
const everything = [
  ...engine,
  'engine/reference',
  'engine/onnx',
  'engine/gpujs',
  'nn',
  'ntk',
  'attack',
  'mask',
  'train',
  'experiment',
  'checkpoint',
  'format',
  'data',
  'io',
  'report'
]

/** Part → the parts it may import (itself always). */
const parts = {
  core: [],
  graph: ['core'],
  diff: ['core', 'graph'],
  optimise: calculus,
  engine: [...engine, 'engine/reference', 'engine/onnx', 'engine/gpujs'],
  'engine/reference': engine,
  'engine/onnx': [...engine, 'kernels'],
  'engine/gpujs': [...engine, 'kernels'],
  kernels: [],
  nn: calculus,
  ntk: [...calculus, 'optimise', 'nn'],
  attack: [...calculus, 'nn'],
  mask: [...calculus, 'checkpoint', 'nn', 'ntk', 'attack'],
  train: [...calculus, 'checkpoint', 'nn', 'ntk', 'attack', 'mask'],
  format: ['core', 'graph'],
  checkpoint: ['core', 'graph', 'format'],
  data: ['core', 'graph'],
  report: ['core', 'experiment'],
  io: ['core', 'graph', 'data', 'format', 'checkpoint'],
  laws: [...calculus, 'optimise', 'engine/reference'],
  experiment: [...calculus, 'engine', 'format', 'checkpoint', 'data', 'nn', 'ntk', 'attack', 'mask', 'train'],
  blocks: [...calculus, 'format', 'checkpoint', 'ntk'],
  queue: ['core', 'engine', 'format', 'checkpoint', 'experiment'],
  cli: [...everything, 'queue', 'index'],
  promise: [...everything, 'index'],
  index: everything
}

/** Packages that lib/ and kernels/ may import, and where. Anything else is an error there. */
const packages = [
  { name: /^fp-ts\//, where: /^lib\// },
  { name: /^io-ts(\/|$)/, where: /^lib\// },
  { name: /^(gpu\.js|gl)(\/|$)/, where: /^lib\/engine\/gpujs\/packages\.ts$/ },
  { name: /^onnxruntime-(node|web|common)(\/|$)/, where: /^lib\/engine\/onnx\/packages\.ts$/ },
  { name: /^ml-matrix$/, where: /^lib\/(ntk\/spectrum\/spectrum|blocks\/nystrom)\.ts$/ },
  { name: /^fast-check$/, where: /^lib\/laws\// },
  { name: /^(bullmq|ioredis)$/, where: /^lib\/queue\// },
  { name: /^node:/, where: /^lib\/(io|cli|queue)\// }
]

const partOf = (file) => {
  const [top, second, third] = file.split('/')
  if (top === 'kernels') return 'kernels'
  if (top !== 'lib') return undefined
  if (second === 'index.ts' || second === 'index.js') return 'index'
  return second === 'engine' && third && !/\.[jt]s$/.test(third) ? `engine/${third}` : second
}

/** `lib/graph/ops.ts` and `../core/shape.js` → `lib/core/shape.js`. */
const resolve = (file, specifier) => {
  const path = file.split('/').slice(0, -1)
  for (const step of specifier.split('/'))
    if (step === '..') path.pop()
    else if (step !== '.') path.push(step)
  return path.join('/')
}

/** What is wrong with this import in this file, or undefined. Paths are relative to the repository. */
export const complaint = (file, specifier) => {
  if (/^fp-ts($|\/)/.test(specifier) && !/^fp-ts\/lib\/[A-Za-z]+\.js$/.test(specifier))
    return `'${specifier}' loads all of fp-ts or crashes in plain Node ESM: import 'fp-ts/lib/<Module>.js'.`
  if (/^io-ts\//.test(specifier) && !/^io-ts\/lib\/[A-Za-z]+\.js$/.test(specifier))
    return `'${specifier}' crashes in plain Node ESM: import 'io-ts' or 'io-ts/lib/<Module>.js'.`

  const part = partOf(file)
  if (part === undefined) return undefined
  if (!(part in parts)) return `${file} is in no known part: add '${part}' to .config/layers.js.`

  if (!specifier.startsWith('.')) {
    const known = packages.find(({ name }) => name.test(specifier))
    if (known === undefined) return `lib/ and kernels/ do not use the package '${specifier}'.`
    return known.where.test(file)
      ? undefined
      : `'${specifier}' may be imported only in ${known.where.source}.`
  }

  const target = partOf(resolve(file, specifier))
  if (target === undefined) return `lib/ and kernels/ import nothing from outside: '${specifier}'.`
  if (target === part || parts[part].includes(target)) return undefined
  return `${part} does not import ${target}: imports go down the layers (.config/layers.js).`
}

const rule = {
  meta: { type: 'problem', schema: [] },
  create: (context) => {
    const file = context.filename.slice(context.cwd.length + 1).replaceAll('\\', '/')
    const check = (source) => {
      if (typeof source?.value !== 'string') return
      const message = complaint(file, source.value)
      if (message !== undefined) context.report({ node: source, message })
    }
    return {
      ImportDeclaration: (node) => check(node.source),
      ExportNamedDeclaration: (node) => check(node.source),
      ExportAllDeclaration: (node) => check(node.source),
      ImportExpression: (node) => check(node.source),
      TSImportType: (node) => check(node.source ?? node.argument?.literal),
      TSExternalModuleReference: (node) => check(node.expression)
    }
  }
}

export const layers = { meta: { name: 'layers' }, rules: { imports: rule } }
