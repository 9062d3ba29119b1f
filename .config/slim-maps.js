import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { decode, encode } from '@jridgewell/sourcemap-codec'

// The last step of the build: source maps as they are published. They carry the TypeScript and map line to line, which is a
// tenth of what mapping every word takes. The digits are data, the same in both languages, and need none.

const dist = fileURLToPath(new URL('../dist', import.meta.url))
const data = join(dist, 'lib/data/digits/text.js')

for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
  if (!name.endsWith('.js.map')) continue
  const file = join(dist, name)
  const map = JSON.parse(readFileSync(file, 'utf8'))
  const lines = decode(map.mappings).map((line) =>
    line.slice(0, 1).map(([at, ...from]) => [at, ...from.slice(0, 3)])
  )
  writeFileSync(file, JSON.stringify({ ...map, names: [], mappings: encode(lines) }))
}
rmSync(`${data}.map`, { force: true })
if (existsSync(data))
  writeFileSync(data, readFileSync(data, 'utf8').replace(/\n\/\/# sourceMappingURL.*\s*$/, '\n'))
