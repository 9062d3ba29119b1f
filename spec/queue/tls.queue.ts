import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openQueue } from 'tangentflow/queue'
import { freePort, type OwnRedis, ownRedis, PASSWORD, withoutRedis } from '../../bench/harness/own-redis.js'
import * as experiment from '../../lib/experiment/index.js'
import { built } from '../support/built.js'
import { right } from '../support/either.js'
import { asked, single, timeless, VERSION, withReference, workersOf } from './workers.js'

const { worker, endWorkers } = workersOf(built('spec/queue/worker-program.ts').program)

describe.skipIf(withoutRedis !== undefined)('a queue through TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tangentflow-tls-'))
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  let redis: OwnRedis | undefined
  let missing = ''
  let port = 0

  beforeAll(async () => {
    const made = spawnSync('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=localhost'],
      ...['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
    ])
    port = await freePort()
    const settings = ['--tls-port', `${port}`, '--tls-cert-file', cert, '--tls-key-file', key]
    if (made.status !== 0) missing = 'openssl makes no certificate'
    else
      redis = await ownRedis(...settings, '--tls-ca-cert-file', cert, '--tls-auth-clients', 'no').catch(
        () => {
          missing = 'this redis-server has no TLS'
          return undefined
        }
      )
  })
  afterAll(async () => {
    endWorkers()
    await redis?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it('computes the same', async (context) => {
    context.skip(redis === undefined, missing)
    const opened = right(await openQueue({ url: redis!.url, password: PASSWORD, version: VERSION })())
    const own = worker(`rediss://127.0.0.1:${port}/0`, VERSION, PASSWORD, { NODE_EXTRA_CA_CERTS: cert })
    const result = await asked(opened, single)
    expect(own.said()).toContain('dense-seed0 training')
    expect(timeless(result)).toEqual(timeless(await experiment.run(single)(withReference)()))
    own.child.kill('SIGTERM')
    expect(await own.ended).toBe(0)
    await opened.close()
  })

  it('says what to do about a certificate that nobody knows, and about TLS on one side only', async (context) => {
    context.skip(redis === undefined, missing)
    const from = async (url: string): Promise<unknown> =>
      openQueue({ url, password: PASSWORD, version: VERSION })()
    const left = (expected: string) => ({
      left: { _tag: 'IoError', expected: expect.stringContaining(expected) as string }
    })
    expect(await from(`rediss://127.0.0.1:${port}/0`)).toMatchObject(left('NODE_EXTRA_CA_CERTS'))
    expect(await from(`rediss://127.0.0.1:${redis!.port}/0`)).toMatchObject(left('TLS'))
    expect(await from(`redis://127.0.0.1:${port}/0`)).toMatchObject(left('TLS'))
  })
})
