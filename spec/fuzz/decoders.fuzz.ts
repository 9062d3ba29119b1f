import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateRawSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { afterAll, describe, expect, it } from 'vitest'
import { checkpoint, data, format, ndarray, type TangentError } from 'tangentflow'
import { loadSet, readArrays, readBytes } from 'tangentflow/io'
import { right } from '../support/either.js'
import { type Mutation, mutated, mutation, tokenChange, withToken } from './mutations.js'

const runs = Number(process.env.FUZZ_RUNS ?? 3000)
const SLOWEST = 10_000

type Decoded = E.Either<TangentError, unknown>

/** Something that reads bytes, and files that it reads. */
interface Decoder {
  readonly name: string
  readonly samples: readonly Uint8Array[]
  readonly decode: (bytes: Uint8Array) => Decoded | Promise<Decoded>
  /** The text of a header and the file around it, so that lengths and sums are right and only the text is wrong. */
  readonly header?: { readonly text: string; readonly wrap: (text: string) => Uint8Array }
}

const folder = mkdtempSync(join(tmpdir(), 'fuzz-'))
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** Reads bytes by way of a file of this name. */
const byFile =
  (name: string, read: (path: string) => () => Promise<Decoded>) =>
  async (bytes: Uint8Array): Promise<Decoded> => {
    const path = join(folder, name)
    writeFileSync(path, bytes)
    return read(path)()
  }

const w = ndarray.of([2, 3], Float32Array.of(1, 2, 3, 4, 5, 6))
const n = ndarray.of([3], Float64Array.of(1, 2, 3))
const arrays = { w, 'layers[0].b': n }
const npz = right(format.npz.encode(arrays))

/** The zip of one deflated entry: `numpy.savez_compressed` writes such. */
const deflated = (): Uint8Array => {
  const content = right(format.npy.encode(w))
  const packed = deflateRawSync(content)
  const name = new TextEncoder().encode('w.npy')
  const sum = format.crc32(content)
  const [local, central, end] = [new Uint8Array(30), new Uint8Array(46), new Uint8Array(22)]
  const write = (bytes: Uint8Array, places: readonly (readonly [number, 2 | 4, number])[]): void => {
    const view = new DataView(bytes.buffer)
    for (const [at, width, value] of places)
      if (width === 2) view.setUint16(at, value, true)
      else view.setUint32(at, value, true)
  }
  const common = (at: number) =>
    [
      [at, 2, 20],
      [at + 4, 2, 8],
      [at + 10, 4, sum],
      [at + 14, 4, packed.length],
      [at + 18, 4, content.length],
      [at + 22, 2, name.length]
    ] as const
  write(local, [[0, 4, 0x04034b50], ...common(4)])
  write(central, [[0, 4, 0x02014b50], ...common(6)])
  const directory = local.length + name.length + packed.length
  write(end, [
    [0, 4, 0x06054b50],
    [8, 2, 1],
    [10, 2, 1],
    [12, 4, central.length + name.length],
    [16, 4, directory]
  ])
  return Uint8Array.from([...local, ...name, ...packed, ...central, ...name, ...end])
}

const idxFile = (type: number, shape: readonly number[], body: Uint8Array): Uint8Array =>
  Uint8Array.from([0, 0, type, shape.length, ...shape.flatMap((size) => [0, 0, 0, size]), ...body])

const record = (label: number): number[] => [label, ...Array.from({ length: 3072 }, (_, i) => i % 256)]

const saved = right(
  checkpoint.encodeCheckpoint({
    kind: 'train.fit',
    settings: { epochs: '3', data: '2 values' },
    position: 2,
    engine: 'reference, float64, 1 threads',
    tensors: arrays
  })
)

const images = idxFile(8, [2, 28, 28], new Uint8Array(2 * 28 * 28).fill(7))
const labels = idxFile(8, [2], Uint8Array.of(3, 9))

/** A folder of MNIST's file names in which one file is the input. */
const mnist = async (bytes: Uint8Array): Promise<Decoded> => {
  for (const part of ['train', 't10k']) {
    writeFileSync(join(folder, `${part}-images-idx3-ubyte`), part === 'train' ? bytes : images)
    writeFileSync(join(folder, `${part}-labels-idx1-ubyte`), labels)
  }
  return loadSet('mnist', { data: folder, env: {} })()
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

const joined = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))

/** A safetensors file with this header over the elements of `arrays`. */
const safetensorsOf = (text: string): Uint8Array => {
  const header = utf8(text)
  const length = new Uint8Array(8)
  new DataView(length.buffer).setBigUint64(0, BigInt(header.length), true)
  return joined(length, header, new Uint8Array(48))
}

const npyOf = (text: string): Uint8Array => {
  const header = utf8(text)
  const prefix = Uint8Array.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 2, 0, 0, 0, 0, 0])
  new DataView(prefix.buffer).setUint32(8, header.length, true)
  return joined(prefix, header, new Uint8Array(24))
}

const aboutOf = (text: string): Uint8Array => {
  const sum = right(format.safetensors.encode({ tensors: arrays, metadata: { tangentflow: text } }))
  return right(
    format.safetensors.encode({
      tensors: arrays,
      metadata: { tangentflow: text, crc32: format.crc32(sum).toString(16) }
    })
  )
}

const decoders: readonly Decoder[] = [
  {
    name: 'format.npy',
    samples: [right(format.npy.encode(w)), right(format.npy.encode(n)), right(format.npy.encode(w, 'U8'))],
    decode: format.npy.decode,
    header: { text: "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n", wrap: npyOf }
  },
  { name: 'format.npz', samples: [npz], decode: (bytes) => format.npz.decode(bytes) },
  { name: 'io.readArrays .npz', samples: [npz, deflated()], decode: byFile('x.npz', readArrays) },
  {
    name: 'format.safetensors',
    samples: [right(format.safetensors.encode({ tensors: arrays, metadata: { made: 'by hand' } }))],
    decode: format.safetensors.decode,
    header: {
      text: '{"__metadata__":{"a":"b"},"w":{"dtype":"F32","shape":[2,3],"data_offsets":[24,48]},"n":{"dtype":"F64","shape":[3],"data_offsets":[0,24]}}',
      wrap: safetensorsOf
    }
  },
  {
    name: 'format.safetensors header',
    samples: [right(format.safetensors.encode({ tensors: arrays }))],
    decode: (bytes) => format.safetensors.decodeHeader(bytes)
  },
  {
    name: 'checkpoint',
    samples: [saved],
    decode: checkpoint.decodeCheckpoint,
    header: {
      text: '{"version":1,"kind":"train.fit","settings":{"epochs":"3"},"position":2,"engine":"reference"}',
      wrap: aboutOf
    }
  },
  {
    name: 'data.idx',
    samples: [
      idxFile(8, [2, 3], Uint8Array.of(1, 2, 3, 4, 5, 6)),
      idxFile(0x0d, [2], new Uint8Array(8)),
      idxFile(0x0e, [1, 1, 1], new Uint8Array(8))
    ],
    decode: data.idx({ divisor: 255 })
  },
  { name: 'data.cifar10', samples: [Uint8Array.from([...record(3), ...record(9)])], decode: data.cifar10 },
  { name: 'io.readBytes', samples: [gzipSync(new Uint8Array(5000))], decode: byFile('x.gz', readBytes) },
  { name: 'io.loadSet', samples: [images, gzipSync(images)], decode: mnist }
]

const isWord = (value: unknown): boolean =>
  typeof value === 'string' && value !== '' && !/\bundefined\b/.test(value)

/** What is wrong with what a decoder gave, or nothing. */
const complaint = (decoded: Decoded): string | undefined => {
  if (E.isRight(decoded)) return undefined
  const { _tag, operation, expected, received } = decoded.left
  return _tag.endsWith('Error') && [operation, expected, received].every(isWord)
    ? undefined
    : `an error without words: ${JSON.stringify(decoded.left)}`
}

describe.each(decoders)('$name', ({ samples, decode, header }) => {
  it('reads what it should', async () => {
    for (const sample of samples) expect((await decode(sample))._tag).toBe('Right')
    if (header !== undefined) expect((await decode(header.wrap(header.text)))._tag).toBe('Right')
  })

  it.skipIf(header === undefined)('gives a value or a typed error for any header', async () => {
    const { text, wrap } = header!
    const changes = fc.array(tokenChange, { minLength: 1, maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(changes, async (all) => {
        const other = all.reduce((before, change) => withToken(before, change.at, change.text), text)
        expect(complaint(await decode(wrap(other)))).toBeUndefined()
      }),
      { numRuns: runs }
    )
  })

  it('gives a value or a typed error for any bytes, soon and in little memory', async () => {
    const files = fc.record({
      sample: fc.nat(samples.length - 1),
      changes: fc.array(mutation, { minLength: 1, maxLength: 4 })
    })
    const before = process.resourceUsage().maxRSS
    let done = 0
    await fc.assert(
      fc.asyncProperty(files, async ({ sample, changes }: { sample: number; changes: Mutation[] }) => {
        const bytes = changes.reduce(mutated, samples[sample]!)
        const start = performance.now()
        expect(complaint(await decode(bytes))).toBeUndefined()
        expect(performance.now() - start).toBeLessThan(SLOWEST)
        if (++done % 64 === 0) globalThis.gc?.()
      }),
      { numRuns: runs }
    )
    expect((process.resourceUsage().maxRSS - before) / 1024).toBeLessThan(64)
  })
})
