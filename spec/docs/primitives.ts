import { pointwiseRules } from '../../lib/diff/rules/pointwise.js'
import { diffRules } from '../../lib/diff/rules/index.js'
import { rewrites } from '../../lib/optimise/rewrites.js'

const row = (cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`

const tableOf = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n')

/** The page `docs/primitives.md`, from the records themselves. */
export const primitivesPage = (): string => {
  const primitives = Object.entries(diffRules).map(([tag, { formula }]) => [
    `\`${tag}\``,
    formula.value,
    formula.tangent,
    formula.transpose
  ])
  const functions = Object.entries(pointwiseRules).map(([fn, { formula, transpose }]) => {
    const [value, tangent] = formula.split('; ')
    return [`\`${fn}\``, value ?? '', tangent ?? '', transpose === undefined ? 'no' : 'yes']
  })
  return `# Primitives and rules

Made from the records in \`lib/diff/rules\` and \`lib/optimise/rewrites.ts\`; a spec fails when this page and the records
differ (\`UPDATE_DOCS=1 npm run spec -- spec/docs\` writes it anew).

ẋ is the tangent of x, ȳ the cotangent of the value y. A reverse-mode gradient is the tangent, transposed.

## Primitives

${tableOf(['primitive', 'value', 'tangent', 'transpose'], primitives)}

## Pointwise functions

${tableOf(['function', 'value', 'tangent', 'can be transposed'], functions)}

relu is \`select(x > 0, x, 0)\`, so its derivative at 0 is 0.

## Rewrite rules

Tried in this order, at every node, inputs first:

${rewrites.map(({ name }) => `- ${name}`).join('\n')}
`
}
