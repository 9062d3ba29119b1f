import { existsSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import { afterAll, describe, expect, it } from 'vitest'
import { data } from 'tangentflow'
import { type DataOptions, type LoadedSet, loadSet } from 'tangentflow/io'
import { idxFile, smallIdxSet, writeFiles } from '../support/datasets.js'

const root = mkdtempSync(join(tmpdir(), 'tangentflow-data-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
const fresh = (): string => mkdtempSync(join(root, 'set-'))

/** No environment, and no cache of this machine. */
const env = { XDG_CACHE_HOME: join(root, 'none') }
const load = (name: data.PublishedName, options: DataOptions) => loadSet(name, { env, ...options })()
const loaded = async (name: data.PublishedName, options: DataOptions): Promise<LoadedSet> => {
  const result = await load(name, options)
  if (E.isRight(result)) return result.right
  throw new Error(JSON.stringify(result.left))
}
const packed = (files: ReadonlyMap<string, Uint8Array>): ReadonlyMap<string, Uint8Array> =>
  new Map([...files].map(([name, bytes]) => [`${name}.gz`, bytes]))

describe('loadSet', () => {
  it('reads a set of its own, plain or packed, from the folder itself or one inside', async () => {
    const [plain, inner] = [fresh(), fresh()]
    writeFiles(plain, smallIdxSet())
    writeFiles(join(inner, 'mnist'), packed(smallIdxSet()))
    const sets = [await loaded('mnist', { data: plain }), await loaded('mnist', { data: inner })]
    for (const { train, test, files } of sets) {
      expect([train.x.shape, test.x.shape]).toEqual([
        [20, 784],
        [10, 784]
      ])
      expect([train.x.data[0], train.x.data[19 * 784], train.y.data[19]]).toEqual([
        0,
        Math.fround(19 / 255),
        9
      ])
      expect(files.map(({ isPublished }) => isPublished)).toEqual([false, false, false, false])
    }
    expect(sets[0]!.train).toEqual(sets[1]!.train)
  })

  it('looks into the folder of the options, then into that of the environment', async () => {
    const [first, second, empty] = [fresh(), fresh(), fresh()]
    writeFiles(first, smallIdxSet(11))
    writeFiles(second, smallIdxSet(12))
    const both = { data: first, env: { ...env, TANGENTFLOW_DATA: second } }
    expect(data.count((await loaded('mnist', both)).train)).toBe(11)
    expect(data.count((await loaded('mnist', { ...both, data: empty })).train)).toBe(12)
  })

  it('says what to install or where to put files when a set is missing', async () => {
    const empty = fresh()
    expect(await load('mnist', { data: empty })).toMatchObject({
      left: {
        _tag: 'DataError',
        expected: expect.stringContaining('put train-images-idx3-ubyte') as string,
        received: expect.stringContaining(empty) as string
      }
    })
    const { debian } = data.published['fashion-mnist']
    expect(debian).toBe('dataset-fashion-mnist')
    expect(await load('mnist', { data: join(empty, 'no') })).toMatchObject({
      left: { _tag: 'IoError', where: join(empty, 'no') }
    })
  })

  it('names the files that a folder lacks', async () => {
    const folder = fresh()
    const files = new Map(smallIdxSet())
    files.delete('t10k-labels-idx1-ubyte')
    writeFiles(folder, files)
    expect(await load('mnist', { data: folder })).toMatchObject({
      left: { _tag: 'DataError', expected: 't10k-labels-idx1-ubyte (plain or .gz)', where: folder }
    })
  })

  it.each([
    [
      'a packed file that is cut off',
      (folder: string) => truncateSync(join(folder, 'train-images-idx3-ubyte.gz'), 50),
      'a whole gzip file'
    ],
    [
      'a plain file in place of a packed one that is cut off',
      (folder: string) =>
        writeFileSync(join(folder, 'train-images-idx3-ubyte.gz'), idxFile([20, 28, 28], new Uint8Array(99))),
      '15696 bytes for [20,28,28]'
    ],
    [
      'labels where images should be',
      (folder: string) =>
        writeFileSync(
          join(folder, 'train-images-idx3-ubyte.gz'),
          smallIdxSet().get('train-labels-idx1-ubyte')!
        ),
      'images of 28 × 28'
    ],
    [
      'a label that is no class',
      (folder: string) =>
        writeFileSync(join(folder, 'train-labels-idx1-ubyte.gz'), idxFile([20], new Uint8Array(20).fill(10))),
      'a whole number in [0, 10)'
    ],
    [
      'another number of labels than of images',
      (folder: string) =>
        writeFileSync(join(folder, 'train-labels-idx1-ubyte.gz'), idxFile([19], new Uint8Array(19))),
      'labels of shape [20]'
    ],
    [
      'a file of another kind',
      (folder: string) => writeFileSync(join(folder, 'train-labels-idx1-ubyte.gz'), 'not found'),
      'the magic number'
    ]
  ])('refuses %s, naming the path', async (_, spoil, expected) => {
    const folder = fresh()
    writeFiles(folder, packed(smallIdxSet()))
    spoil(folder)
    expect(await load('mnist', { data: folder })).toMatchObject({
      left: {
        _tag: 'DataError',
        expected: expect.stringContaining(expected) as string,
        where: expect.stringContaining(folder) as string
      }
    })
  })

  it('refuses a file that cannot be read', async () => {
    const folder = fresh()
    writeFiles(folder, smallIdxSet())
    rmSync(join(folder, 'train-images-idx3-ubyte'))
    mkdirSync(join(folder, 'train-images-idx3-ubyte'))
    expect(await load('mnist', { data: folder })).toMatchObject({
      left: { _tag: 'IoError', received: 'a folder where a file should be' }
    })
  })

  it('refuses a file of the published length with another md5, unless told not to look', async () => {
    const folder = fresh()
    writeFiles(folder, smallIdxSet(20, 10_000))
    expect(await load('mnist', { data: folder })).toMatchObject({
      left: {
        _tag: 'DataError',
        expected: `the md5 ${data.published.mnist.files['t10k-images-idx3-ubyte']!.md5!}`
      }
    })
    expect(data.count((await loaded('mnist', { data: folder, verify: false })).test)).toBe(10_000)
  })

  it('puts CIFAR-10 batches one after the other, a whole one before a part of it', async () => {
    const folder = fresh()
    const batch = (...labels: number[]): Uint8Array =>
      Uint8Array.from(labels.flatMap((label) => [label, ...new Array<number>(3072).fill(label)]))
    writeFiles(
      folder,
      new Map([
        ['data_batch_2.bin', batch(4)],
        ['data_batch_1.first2.bin.gz', batch(9, 9)],
        ['data_batch_1.bin.gz', batch(1, 2, 3)],
        ...[3, 4, 5].map((k) => [`data_batch_${k}.bin`, batch(k)] as const),
        ['test_batch.first1.bin', batch(5)]
      ])
    )
    const { train, test } = await loaded('cifar-10', { data: folder })
    expect([[...train.y.data], [...test.y.data], train.x.shape]).toEqual([
      [1, 2, 3, 4, 3, 4, 5],
      [5],
      [7, 3072]
    ])
    expect(train.x.data[3 * 3072]).toBe(Math.fround(4 / 255))
    for (const k of [2, 5]) rmSync(join(folder, `data_batch_${k}.bin`))
    expect(await load('cifar-10', { data: folder })).toMatchObject({
      left: {
        _tag: 'DataError',
        expected: 'data_batch_2.bin, data_batch_5.bin (plain or .gz)',
        where: folder
      }
    })
  })

  it('takes a part of one CIFAR-10 batch for itself', async () => {
    const folder = fresh()
    const record = Uint8Array.from([1, ...new Array<number>(3072).fill(1)])
    writeFiles(
      folder,
      new Map([
        ['data_batch_1.first1.bin', record],
        ['test_batch.bin', record]
      ])
    )
    expect(data.count((await loaded('cifar-10', { data: folder })).train)).toBe(1)
  })

  it('refuses elements that are no unsigned bytes by the name of their type', async () => {
    for (const [type, name, width] of [
      [0x09, 'signed bytes', 1],
      [0x0c, '32-bit whole numbers', 4],
      [0x0d, 'float32', 4]
    ] as const) {
      const folder = fresh()
      const images = Uint8Array.from([0, 0, type, 3, 0, 0, 0, 2, 0, 0, 0, 28, 0, 0, 0, 28])
      const labels = Uint8Array.from([0, 0, 8, 1, 0, 0, 0, 2, 1, 2])
      const pixels = new Uint8Array(2 * 784 * width)
      writeFiles(
        folder,
        new Map(
          ['train', 't10k'].flatMap((part) => [
            [`${part}-images-idx3-ubyte`, Uint8Array.from([...images, ...pixels])],
            [`${part}-labels-idx1-ubyte`, labels]
          ])
        )
      )
      expect(await load('mnist', { data: folder })).toMatchObject({
        left: {
          _tag: 'DataError',
          expected: 'elements that are unsigned bytes',
          received: name,
          where: join(folder, 'train-images-idx3-ubyte')
        }
      })
    }
  })

  it('unpacks no more than a header promises', async () => {
    const folder = fresh()
    const bomb = Uint8Array.from([
      ...[0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 28, 0, 0, 0, 28],
      ...new Uint8Array(2 ** 22)
    ])
    writeFiles(
      folder,
      new Map(
        ['train', 't10k'].flatMap((part) => [
          [`${part}-images-idx3-ubyte.gz`, bomb],
          [`${part}-labels-idx1-ubyte`, Uint8Array.from([0, 0, 8, 1, 0, 0, 0, 2, 1, 2])]
        ])
      )
    )
    expect(await load('mnist', { data: folder })).toMatchObject({
      left: { _tag: 'DataError', expected: 'at most 1584 bytes once unpacked', received: 'more' }
    })
  })
})

/** The folder of real sets beside the checkout. */
const shared = fileURLToPath(new URL('../../../shared/data', import.meta.url))

/** A set whose files are all published ones, with so many images a class. */
const publishedSet = async (
  name: data.PublishedName,
  options: DataOptions,
  train: readonly number[],
  test: readonly number[]
): Promise<LoadedSet> => {
  const set = await loaded(name, options)
  expect(set.files.every(({ isPublished }) => isPublished)).toBe(true)
  expect([data.classCounts(set.train), data.classCounts(set.test)]).toEqual([train, test])
  return set
}

describe('the published sets', () => {
  it('MNIST has the published bytes, classes and labels', async (ctx) => {
    ctx.skip(!existsSync(join(shared, 'mnist')), 'no MNIST in ../shared/data')
    const { train, test } = await publishedSet(
      'mnist',
      { data: shared },
      [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
      [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    )
    expect([...train.y.data.slice(0, 10)]).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4])
    expect([...test.y.data.slice(0, 10)]).toEqual([7, 2, 1, 0, 4, 1, 4, 9, 5, 9])
    expect(Math.max(...train.x.data.subarray(0, 784))).toBe(1)
  })

  it('Fashion-MNIST has the published bytes and 6,000 and 1,000 images a class', async (ctx) => {
    ctx.skip(!existsSync('/usr/share/datasets/fashion-mnist'), 'no dataset-fashion-mnist here')
    const each = (count: number) => new Array<number>(10).fill(count)
    await publishedSet('fashion-mnist', {}, each(6000), each(1000))
  })

  it('the part of CIFAR-10 has the known classes, labels and first pixel', async (ctx) => {
    ctx.skip(!existsSync(join(shared, 'cifar-10-batches-bin')), 'no CIFAR-10 in ../shared/data')
    const { train } = await publishedSet(
      'cifar-10',
      { data: shared },
      [396, 366, 420, 384, 422, 393, 414, 385, 407, 413],
      [103, 89, 100, 103, 90, 86, 112, 102, 106, 109]
    )
    expect([...train.y.data.slice(0, 10)]).toEqual([6, 9, 9, 4, 1, 1, 2, 7, 8, 3])
    expect([0, 1024, 2048].map((place) => train.x.data[place]! * 255)).toEqual(
      [59, 62, 63].map((shade) => Math.fround(shade / 255) * 255)
    )
  })
})
