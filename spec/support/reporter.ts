import './measured.js'
import type { Reporter, TestCase, TestModule } from 'vitest/node'

const reasonFor = (test: TestCase): string => {
  const result = test.result()
  return (result.state === 'skipped' && result.note) || 'no reason given'
}

/** One line for each file and reason: the spec that was skipped, or how many were. */
const skippedLines = (skipped: readonly TestCase[]): string[] => {
  const groups = new Map<string, TestCase[]>()
  for (const test of skipped) {
    const key = `${test.module.relativeModuleId}\n${reasonFor(test)}`
    groups.set(key, [...(groups.get(key) ?? []), test])
  }
  return [...groups.values()].map(([first, ...others]) => {
    const what = others.length === 0 ? first!.fullName : `${others.length + 1} specs`
    return `  ${first!.module.relativeModuleId} > ${what}: ${reasonFor(first!)}`
  })
}

/**
 * Ends a run with what specs measured, every skipped spec and its reason (`ctx.skip('reason')`), the seed of the properties, and
 * the counts alone on the last line. A spec file or hook that fails outside any test counts as one failure.
 */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const inState = (state: 'passed' | 'failed' | 'skipped'): TestCase[] =>
      tests.filter((test) => test.result().state === state)
    const skipped = inState('skipped')
    const unfinished = tests.filter((test) => test.result().state === 'pending')
    const outside = modules
      .flatMap((module) => [module, ...module.children.allSuites()])
      .filter((suite) => suite.errors().length > 0)
    const failed = inState('failed').length + unfinished.length + outside.length + unhandled.length

    const figures = tests.flatMap((test) => test.meta().measured ?? [])

    const lines = [
      ...(figures.length === 0 ? [] : ['Measured:']),
      ...figures.map((figure) => `  ${figure}`),
      ...(skipped.length === 0 ? [] : ['Skipped:']),
      ...skippedLines(skipped),
      `Properties ran from seed ${process.env.FC_SEED ?? '?'} (FC_SEED=<seed> repeats them).`,
      '',
      `${inState('passed').length} passed, ${failed} failed, ${skipped.length} skipped`
    ]
    process.stdout.write(`${lines.join('\n')}\n`)
  }
}
