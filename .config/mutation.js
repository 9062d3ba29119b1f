// `npm run test:mutation [-- area …]` breaks the code of each area in MUTANTS places (120) that SEED (1) chooses, one at a time, and
// says which of them no spec noticed. By hand, not in CI: an area takes ten to thirty minutes on two cores. docs/mutation.md judges
// what survives.
import { mkdirSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Stryker } from '@stryker-mutator/core'

/** The specs of an area, and those among them that open other engines than reference or take long. */
const areas = {
  graph: [
    ['graph', 'diff/random-programs'],
    ['graph/ops/engines', 'graph/primitives/pointwise']
  ],
  diff: [['diff', 'graph/ops/scan'], []],
  optimise: [['optimise'], []],
  attack: [['attack'], ['attack/behaviour', 'attack/outside']],
  ntk: [['ntk'], ['ntk/infinite/limit', 'ntk/infinite/precision', 'ntk/predict/wide']],
  mask: [['mask'], ['mask/engines', 'mask/convolution', 'mask/networks', 'mask/norm']],
  format: [['format'], []],
  checkpoint: [['checkpoint', 'train/fit-state'], ['checkpoint/kill']]
}

const root = fileURLToPath(new URL('..', import.meta.url))
process.chdir(root)

/** Texts are left as they are: most are words of errors. What the sample leaves out has the status CompileError. */
const optionsOf = (area) => ({
  mutate: [`lib/${area}/**/*.ts`, '!lib/**/index.ts'],
  mutator: { excludedMutations: ['StringLiteral'] },
  plugins: ['@stryker-mutator/vitest-runner', `${root}.config/mutation-sample.js`],
  testRunner: 'vitest',
  vitest: { configFile: '.config/mutation.vitest.config.ts', related: false },
  checkers: ['sample'],
  coverageAnalysis: 'perTest',
  concurrency: 2,
  // machines that do something else meanwhile are slow, which is no fault of a mutant
  timeoutFactor: 4,
  timeoutMS: 30_000,
  dryRunTimeoutMinutes: 20,
  tempDirName: '.cache/stryker',
  ignorePatterns: ['dist', 'runs', '.cache', 'docs', 'bench'],
  reporters: ['json', 'progress-append-only'],
  jsonReporter: { fileName: `.cache/mutation/${area}.json` },
  allowConsoleColors: false
})

const globs = (folders) =>
  JSON.stringify(folders.flatMap((name) => [`spec/${name}/**/*.spec.ts`, `spec/${name}.spec.ts`]))

const place = ({ fileName, location: { start } }) =>
  `${relative(root, fileName)}:${start.line}:${start.column}`

const noticed = new Set(['Killed', 'Timeout', 'RuntimeError'])

const runArea = async (area) => {
  const [specs, excluded] = areas[area]
  process.env.MUTATION_SPECS = globs(specs)
  process.env.MUTATION_EXCLUDED = globs(excluded)
  const options = optionsOf(area)
  const results = await new Stryker(options).runMutationTest()
  const { testFiles } = JSON.parse(readFileSync(options.jsonReporter.fileName, 'utf8'))
  const count = Object.values(testFiles).reduce((sum, { tests }) => sum + tests.length, 0)
  // Stryker does not see specs that fail to load: fewer of them run than there are
  const isLoaded = ({ static: isStatic, testsCompleted }) => !isStatic || testsCompleted === count
  const sampled = results.filter(({ status }) => status !== 'CompileError' && status !== 'Ignored')
  const survivors = sampled.filter((mutant) => !noticed.has(mutant.status) && isLoaded(mutant))
  for (const mutant of survivors)
    console.info(`${place(mutant)} ${mutant.mutatorName} (${mutant.status}): ${mutant.replacement}`)
  const killed = sampled.length - survivors.length
  return `${area}: ${killed} of ${sampled.length} killed, ${Math.round((100 * killed) / sampled.length)} %`
}

process.env.SEED ??= '1'
process.env.MUTANTS ??= '120'
process.env.FC_SEED ??= process.env.SEED
process.env.FC_RUNS_FACTOR ??= '0.05'
mkdirSync('.cache/mutation', { recursive: true })
const asked = process.argv.slice(2)
const lines = []
for (const area of asked.length > 0 ? asked : Object.keys(areas)) lines.push(await runArea(area))
console.info([`Seed ${process.env.SEED}`, ...lines].join('\n'))
