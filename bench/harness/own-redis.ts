import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Why there is no Redis here; undefined where there is one. */
export const withoutRedis =
  spawnSync('redis-server', ['--version']).status === 0 ? undefined : 'no redis-server on this machine'

/** A port that nothing listens to. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no port'))
      )
    })
  })

/** A Redis of a spec or benchmark, on a free port and with a password, that keeps all that it was told when it is restarted. */
export interface OwnRedis {
  readonly url: string
  readonly port: number
  readonly restart: () => Promise<void>
  readonly stop: () => Promise<void>
}

export const PASSWORD = 'a-secret-of-the-spec'

/** Starts a Redis, with further settings as words of its command line. */
export const ownRedis = async (...settings: readonly string[]): Promise<OwnRedis> => {
  const [port, folder] = [await freePort(), mkdtempSync(join(tmpdir(), 'tangentflow-redis-'))]
  const start = (): Promise<ChildProcess> =>
    new Promise((resolve, reject) => {
      const child = spawn('redis-server', [
        ...['--port', `${port}`, '--dir', folder, '--requirepass', PASSWORD, '--save', ''],
        ...['--appendonly', 'yes', '--appendfsync', 'always', ...settings]
      ])
      let said = ''
      child.on('error', reject)
      child.on('exit', () => reject(new Error(`redis-server: ${said}`)))
      child.stdout.on('data', (part: Buffer) => {
        said += part.toString()
        if (said.includes('eady to accept connections')) resolve(child)
      })
    })
  const ended = (child: ChildProcess): Promise<void> =>
    new Promise((resolve) => {
      child.on('exit', () => resolve())
      child.kill('SIGTERM')
    })
  let running = await start()
  return {
    url: `redis://127.0.0.1:${port}/0`,
    port,
    restart: async () => {
      await ended(running)
      running = await start()
    },
    stop: async () => {
      await ended(running)
      rmSync(folder, { recursive: true, force: true })
    }
  }
}
