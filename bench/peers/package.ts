import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { tangentError, type TangentError } from '../../lib/index.js'

/** `npm run` starts in the root of the repository, whatever folder the compiled benchmark lies in. */
const ofBench = createRequire(`${process.cwd()}/bench/package.json`)
const ofRepository = createRequire(`${process.cwd()}/package.json`)

const importFrom = (
  require: NodeJS.Require,
  name: string,
  install: string
): TE.TaskEither<TangentError, unknown> =>
  TE.tryCatch(
    async () => (await import(pathToFileURL(require.resolve(name)).href)) as unknown,
    () => tangentError('EngineError', 'bench', `the package ${name} (${install})`, 'no such package')
  )

/**
 * A peer's package, if it is installed. Peers have a package file of their own, so that neither the main install nor the type
 * check needs them; each peer states the part of the package that it uses, as a type.
 */
export const importPeer = (name: string): TE.TaskEither<TangentError, unknown> =>
  importFrom(ofBench, name, 'npm install --prefix bench')

/** A package of the main install that is optional there. */
export const importOptional = (name: string): TE.TaskEither<TangentError, unknown> =>
  importFrom(ofRepository, name, 'npm install')

/** The version of an installed peer. Read as a file, since a package need not export its package.json. */
export const peerVersion = (name: string): string => {
  const found: unknown = ofBench(`./node_modules/${name}/package.json`)
  return typeof found === 'object' && found !== null && 'version' in found ? String(found.version) : 'unknown'
}
