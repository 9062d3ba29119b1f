import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { data } from 'tangentflow'
import { fetchSet, loadSet, locate, planFetch } from 'tangentflow/io'
import { program } from '../../lib/cli/program.js'
import type * as publishedModule from '../../lib/data/published.js'
import { smallIdxSet } from '../support/datasets.js'

// The published sums are those of real sets, so the small ones served here are told to be published.
const published = vi.hoisted(() => ({ md5: new Map<string, string>() }))
vi.mock('../../lib/data/published.js', async (original) => {
  const real = await original<typeof publishedModule>()
  const { mnist } = real.published
  const files = new Proxy(mnist.files, {
    get: (all, name: string) => ({ ...all[name], md5: published.md5.get(name) })
  })
  return { ...real, published: { ...real.published, mnist: { ...mnist, files } } }
})

const root = mkdtempSync(join(tmpdir(), 'tangentflow-fetch-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const files = smallIdxSet()
let [server, source, folder]: [Server | undefined, string, string] = [undefined, '', '']
let served: ReadonlyMap<string, Uint8Array> = new Map()

beforeEach(async () => {
  published.md5 = new Map(
    [...files].map(([name, bytes]) => [name, createHash('md5').update(bytes).digest('hex')])
  )
  served = new Map([...files].map(([name, bytes]) => [`/${name}.gz`, gzipSync(bytes)]))
  server = createServer(({ url = '' }, response) => {
    const body = served.get(url)
    response.writeHead(body === undefined ? 404 : 200).end(body)
  })
  await new Promise<void>((ready) => server!.listen(0, '127.0.0.1', ready))
  source = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  folder = mkdtempSync(join(root, 'data-'))
})
afterEach(() => new Promise((closed) => server!.close(closed)))

const get = (said: string[] = []) =>
  fetchSet('mnist', { data: folder, source, onProgress: (line) => () => void said.push(line) })()

describe('fetchSet', () => {
  it('fetches a set to where it is looked for, and tells of every URL before it asks', async () => {
    const said: string[] = []
    expect(await get(said)).toMatchObject({ _tag: 'Right' })
    expect(said[0]).toBe(`GET ${source}train-images-idx3-ubyte.gz`)
    expect(said[1]).toBe(`wrote ${join(folder, 'mnist', 'train-images-idx3-ubyte.gz')}`)
    const loaded = await loadSet('mnist', { data: folder })()
    expect(loaded).toMatchObject({ right: { train: { x: { shape: [20, 784] } } } })
  })

  it('refuses a wrong md5, a file that is not there and half a file, and leaves what was there', async () => {
    await get()
    const path = join(folder, 'mnist', 'train-images-idx3-ubyte.gz')
    const before = readFileSync(path)
    const spoil = (body: Uint8Array | undefined): void => {
      const others = new Map(served)
      if (body === undefined) others.delete('/train-images-idx3-ubyte.gz')
      else others.set('/train-images-idx3-ubyte.gz', body)
      served = others
    }
    const url = `${source}train-images-idx3-ubyte.gz`
    spoil(gzipSync(Uint8Array.of(1)))
    expect(await get()).toMatchObject({ left: { _tag: 'DataError', where: url } })
    spoil(before.subarray(0, 30))
    expect(await get()).toMatchObject({ left: { _tag: 'DataError', where: url } })
    spoil(undefined)
    expect(await get()).toMatchObject({ left: { _tag: 'IoError', received: 'status 404', where: url } })
    expect(readFileSync(path).equals(before)).toBe(true)
    expect(readdirSync(join(folder, 'mnist'))).toHaveLength(4)
  })

  it('ends a download that is longer than what was published', async () => {
    let sent = 0
    const endless = createServer((_request, response) => {
      const part = new Uint8Array(2 ** 20)
      const more = (): void => {
        while (!response.destroyed && response.write(part)) sent += part.length
        sent += part.length
      }
      response.writeHead(200).on('drain', more)
      more()
    })
    await new Promise<void>((ready) => endless.listen(0, '127.0.0.1', ready))
    source = `http://127.0.0.1:${(endless.address() as AddressInfo).port}/`
    expect(await get()).toMatchObject({
      left: {
        _tag: 'DataError',
        expected: 'at most 47152593 bytes, as published',
        where: `${source}train-images-idx3-ubyte.gz`
      }
    })
    expect(sent).toBeLessThan(2 ** 27)
    expect(existsSync(join(folder, 'mnist'))).toBe(false)
    endless.closeAllConnections()
    await new Promise((closed) => endless.close(closed))
  })

  it('says that there is no network, and that a folder cannot be made', async () => {
    source = 'http://127.0.0.1:1/'
    expect(await get()).toMatchObject({
      left: {
        _tag: 'IoError',
        expected: 'an answer from the network',
        where: `${source}train-images-idx3-ubyte.gz`
      }
    })
    const file = join(root, 'file')
    writeFileSync(file, '')
    source = `http://127.0.0.1:${(server!.address() as AddressInfo).port}/`
    const result = await fetchSet('mnist', { data: file, source, onProgress: () => () => undefined })()
    expect(result).toMatchObject({ left: { _tag: 'IoError', received: 'a file where a folder should be' } })
  })

  it('refuses a name that is no set', async () => {
    const name = 'imagenet' as data.PublishedName
    const refused = { left: { _tag: 'ArgumentError', received: '"imagenet"', where: 'name' } }
    expect(await fetchSet(name, { onProgress: () => () => undefined })()).toMatchObject(refused)
    expect(await loadSet(name)()).toMatchObject(refused)
    expect(locate(name)()).toMatchObject(refused)
  })

  it('plans without touching anything: known sources, the folder of the options or the environment', () => {
    const onProgress = () => () => undefined
    expect(planFetch('fashion-mnist', { data: 'D', onProgress })[0]).toEqual({
      url: 'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/train-images-idx3-ubyte.gz',
      path: join('D', 'fashion-mnist', 'train-images-idx3-ubyte.gz'),
      most: Math.ceil(1.001 * (16 + 60_000 * 784)) + 65_536
    })
    // what is empty is not given, for the search as well
    for (const options of [{ data: '', env: {} }, { env: { XDG_CACHE_HOME: '', TANGENTFLOW_DATA: '' } }])
      expect(planFetch('mnist', { ...options, onProgress })[0]?.path).toMatch(
        join(homedir(), '.cache', 'tangentflow', 'mnist')
      )
    expect(planFetch('cifar-10', { env: { TANGENTFLOW_DATA: 'E' }, onProgress })).toEqual([
      {
        url: 'https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz',
        path: join('E', 'cifar-10-batches-bin'),
        most: Math.ceil(1.001 * 6 * 30_730_000) + 65_536
      }
    ])
  })
})

describe('tangentflow data', () => {
  const command = async (
    ...args: readonly string[]
  ): Promise<readonly [code: number, out: string, err: string]> => {
    let [out, err] = ['', '']
    const terminal = {
      out: (text: string) => void (out += text),
      err: (text: string) => void (err += text),
      interactive: false
    }
    return [await program(['data', ...args], terminal)(), out, err]
  }

  it('downloads nothing without --yes, and says what it would do', async () => {
    const [code, out] = await command('fetch', 'mnist', '--data', folder, '--from', source)
    expect([code, existsSync(join(folder, 'mnist'))]).toEqual([0, false])
    expect(out).toContain(`${source}t10k-labels-idx1-ubyte.gz`)
  })

  it('fetches with --yes, then checks what is there', async () => {
    const [code, out, err] = await command('fetch', 'mnist', '--data', folder, '--from', source, '--yes')
    expect([code, out]).toEqual([0, 'MNIST: 4 files, each with the published md5\n'])
    expect(err).toContain(`GET ${source}`)
    const [checked, table] = await command('check', 'mnist', '--data', folder)
    expect(checked).toBe(0)
    expect(table).toContain('train: 20 images, by class 2 2 2 2 2 2 2 2 2 2')
  })

  it('refuses other words in one line', async () => {
    for (const args of [['pull', 'mnist'], ['fetch', 'imagenet'], ['fetch', 'mnist', '--force'], ['check']]) {
      const [code, out, err] = await command(...args)
      expect([code, out, err.split('\n').length]).toEqual([1, '', 2])
      expect(err).toContain('ConfigError in tangentflow data')
    }
    expect((await command('--help'))[1]).toContain('tangentflow data fetch')
  })
})
