import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type * as E from 'fp-ts/lib/Either.js'
import { afterAll } from 'vitest'
import { checkpoint, data, format, ndarray, type TangentError } from 'tangentflow'
import { loadSet, readArrays, readBytes, untar } from 'tangentflow/io'
import * as experiment from '../../lib/experiment/index.js'
import { decodeRun, encodeRun } from '../../lib/experiment/experiment-record.js'
import { right } from '../support/either.js'
import { experimentSample } from '../support/experiment-sample.js'
import { tarOf } from '../support/tar.js'
import { zipOf } from '../support/zip.js'

export type Decoded = E.Either<TangentError, unknown>

/** Something that reads bytes, and files that it reads. */
interface Decoder {
  readonly name: string
  readonly samples: readonly Uint8Array[]
  readonly decode: (bytes: Uint8Array) => Decoded | Promise<Decoded>
  /** Files by hand, each with what is expected of it instead. */
  readonly cases?: readonly (readonly [name: string, bytes: Uint8Array, expected: string])[]
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

const [run] = experimentSample({ seeds: 1, methods: 2, densities: [0.1] }).runs
const asked = utf8(JSON.stringify(experiment.digits({ epochs: 1 })))
const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`

/** The header of an npy file of this type. */
const described = (descr: string): string =>
  `{'descr': '${descr}', 'fortran_order': False, 'shape': (2, 3), }\n`

/** A gzip of zeros behind the header of two images: more than it promises. */
const bomb = gzipSync(joined(images.subarray(0, 16), new Uint8Array(2 ** 27)))

/** A hundred members that share the bytes of one, of 16 MiB of zeros. */
const overlapping = (): Uint8Array => {
  const content = right(format.npy.encode(ndarray.zeros([2 ** 22])))
  const others = Array.from({ length: 100 }, (_, i) => ({ name: `w${i + 1}.npy`, content, as: 0 }))
  return zipOf([{ name: 'w0.npy', content }, ...others])
}

/** All that reads bytes, with files that it reads and files that it refuses. */
export const decoders: readonly Decoder[] = [
  {
    name: 'format.npy',
    samples: [right(format.npy.encode(w)), right(format.npy.encode(n)), right(format.npy.encode(w, 'U8'))],
    decode: format.npy.decode,
    cases: [
      ...['constructor', '__proto__', 'toString'].map(
        (name) => [`the type ${name}`, npyOf(described(name)), 'one of <f8'] as const
      ),
      [
        'a size beyond the file',
        npyOf(described('<f4').replace('2, 3', '9007199254740991, 2')),
        'bytes for F32'
      ],
      ['a header of 1 MiB', npyOf(' '.repeat(2 ** 20)), 'a header of at most 65535 bytes']
    ],
    header: { text: "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n", wrap: npyOf }
  },
  { name: 'format.npz', samples: [npz], decode: (bytes) => format.npz.decode(bytes) },
  {
    name: 'io.readArrays .npz',
    samples: [npz, zipOf([{ name: 'w.npy', content: right(format.npy.encode(w)) }])],
    decode: byFile('x.npz', readArrays),
    cases: [
      ['members that overlap', overlapping(), 'entries that do not overlap'],
      [
        'zeros that are no array',
        zipOf([{ name: 'w.npy', content: new Uint8Array(2 ** 27) }]),
        'a file that begins with'
      ]
    ]
  },
  {
    name: 'format.safetensors',
    samples: [right(format.safetensors.encode({ tensors: arrays, metadata: { made: 'by hand' } }))],
    decode: format.safetensors.decode,
    cases: [
      [
        'a dtype that nests',
        safetensorsOf(`{"w":{"dtype":${deep}}}`),
        'a header in JSON of at most 64 levels'
      ],
      ['no dtype', safetensorsOf('{"w":{"shape":[2],"data_offsets":[0,8]}}'), 'one of F64'],
      ['no object', safetensorsOf('{"w":null}'), 'dtype, shape and data_offsets'],
      ['metadata that is a number', safetensorsOf('{"__metadata__":1}'), 'an object of texts']
    ],
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
    cases: [
      ['fields that nest', aboutOf(deep), 'a checkpoint of this library'],
      ['no fields', aboutOf('null'), 'a checkpoint of this library']
    ],
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
  {
    name: 'io.readBytes',
    samples: [gzipSync(new Uint8Array(5000))],
    decode: byFile('x.gz', (path) => readBytes(path))
  },
  {
    name: 'io.loadSet',
    samples: [images, gzipSync(images)],
    decode: mnist,
    cases: [
      ['more than the header promises', bomb, 'at most 1584 bytes once unpacked'],
      [
        'elements that are float32',
        idxFile(0x0d, [2, 28, 28], new Uint8Array(8 * 784)),
        'elements that are unsigned'
      ]
    ]
  },
  {
    name: 'format.untar',
    samples: [
      tarOf([
        ['a.bin', new Uint8Array(600)],
        ['b/c.bin', new Uint8Array(3)]
      ])
    ],
    decode: untar
  },
  {
    name: 'an experiment',
    samples: [asked],
    decode: experiment.decodeJson('experiment', experiment.Experiment, 'x.json'),
    header: { text: new TextDecoder().decode(asked), wrap: utf8 },
    cases: [
      ['a text that nests', utf8(deep), 'JSON of at most 64 levels'],
      ['a text that nests and does not end', utf8('{"a":'.repeat(100_000)), 'JSON of at most 64 levels']
    ]
  },
  {
    name: 'a finished run',
    samples: [encodeRun(run!)],
    decode: decodeRun('x.json'),
    cases: [['a setting that nests', utf8(`{"setting":${deep}}`), 'JSON of at most 64 levels']]
  }
]
