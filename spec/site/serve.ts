import { readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm'
}

const contentOf = (
  folder: string,
  path: string
): { readonly body: Buffer; readonly type: string } | undefined => {
  const file = join(folder, path.endsWith('/') ? `${path}index.html` : path)
  const found = [file, `${file}.html`].find((one) => statSync(one, { throwIfNoEntry: false })?.isFile())
  return found === undefined
    ? undefined
    : { body: readFileSync(found), type: types[extname(found)] ?? 'application/octet-stream' }
}

/** Serves a folder below a base, as a static host does; gives its address and how to stop it. */
export const serve = async (
  folder: string,
  base: string
): Promise<{ readonly origin: string; readonly stop: () => void }> => {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    const content = pathname.startsWith(base)
      ? contentOf(folder, decodeURIComponent(pathname.slice(base.length - 1)))
      : undefined
    // as hosts do, so that what pages share is fetched once
    response.writeHead(content === undefined ? 404 : 200, {
      'content-type': content?.type ?? 'text/plain',
      'cache-control': 'max-age=3600'
    })
    response.end(content?.body ?? 'not there')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const stop = (): void => {
    server.close()
    server.closeAllConnections()
  }
  return { origin: `http://127.0.0.1:${port}`, stop }
}
