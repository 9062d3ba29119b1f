/** Sets that are read from files. */
export const publishedNames = ['mnist', 'fashion-mnist', 'cifar-10'] as const

/** The name of a set that is read from files. */
export type PublishedName = (typeof publishedNames)[number]

/** A file as it was published: its bytes once unpacked, and their md5 where it is known. */
export interface PublishedFile {
  /** Its length when unpacked. */
  readonly bytes: number
  /** Its MD5 when unpacked, in hexadecimal. */
  readonly md5?: string
}

/** What is known of a published set. */
export interface PublishedSet {
  /** What the set is called. */
  readonly title: string
  /** The format of its files. */
  readonly format: 'idx' | 'cifar-10'
  /** The names of the classes 0, 1, 2 …. */
  readonly labels: readonly string[]
  /** Channels, rows and columns of an image, which is a flat row of x. */
  readonly image: readonly [channels: number, rows: number, columns: number]
  /** Folders, inside the one that holds data sets, in which its files may be. */
  readonly folders: readonly string[]
  /** Its files by their names without `.gz`. */
  readonly files: Readonly<Record<string, PublishedFile>>
  /** Its Debian package, if there is one. */
  readonly debian?: string
  /** Where it can be had: folders that hold the files as `.gz`, or one archive of all. */
  readonly sources: readonly string[]
  /** The archive in which the set is published, where it is one. */
  readonly archive?: {
    /** The MD5 of the archive, in hexadecimal. */
    readonly md5: string
    /** The folder of the files in the archive. */
    readonly folder: string
  }
}

const images = (count: number): number => 16 + count * 784
const labels = (count: number): number => 8 + count

/** The four files of a set laid out as MNIST is, with the md5 of each. */
const idxFiles = (
  trainImages: string,
  trainLabels: string,
  testImages: string,
  testLabels: string
): PublishedSet['files'] => ({
  'train-images-idx3-ubyte': { bytes: images(60_000), md5: trainImages },
  'train-labels-idx1-ubyte': { bytes: labels(60_000), md5: trainLabels },
  't10k-images-idx3-ubyte': { bytes: images(10_000), md5: testImages },
  't10k-labels-idx1-ubyte': { bytes: labels(10_000), md5: testLabels }
})

/** Every published set this library knows, as data. */
export const published: { readonly [N in PublishedName]: PublishedSet } = {
  mnist: {
    title: 'MNIST',
    format: 'idx',
    labels: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    image: [1, 28, 28],
    folders: ['mnist', 'MNIST/raw'],
    files: idxFiles(
      '6bbc9ace898e44ae57da46a324031adb',
      'a25bea736e30d166cdddb491f175f624',
      '2646ac647ad5339dbf082846283269ea',
      '27ae3e4e09519cfbb04c329615203637'
    ),
    sources: ['https://ossci-datasets.s3.amazonaws.com/mnist/']
  },
  'fashion-mnist': {
    title: 'Fashion-MNIST',
    format: 'idx',
    labels: [
      'T-shirt/top',
      'trouser',
      'pullover',
      'dress',
      'coat',
      'sandal',
      'shirt',
      'sneaker',
      'bag',
      'ankle boot'
    ],
    image: [1, 28, 28],
    folders: ['fashion-mnist', 'FashionMNIST/raw'],
    files: idxFiles(
      'f4a8712d7a061bf5bd6d2ca38dc4d50a',
      '9018921c3c673c538a1fc5bad174d6f9',
      '8181f5470baa50b63fa0f6fddb340f0a',
      '15d484375f8d13e6eb1aabb0c3f46965'
    ),
    debian: 'dataset-fashion-mnist',
    sources: ['http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/']
  },
  'cifar-10': {
    title: 'CIFAR-10',
    format: 'cifar-10',
    labels: ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'],
    image: [3, 32, 32],
    folders: ['cifar-10-batches-bin', 'cifar-10'],
    files: {
      'data_batch_1.bin': { bytes: 30_730_000 },
      'data_batch_2.bin': { bytes: 30_730_000 },
      'data_batch_3.bin': { bytes: 30_730_000 },
      'data_batch_4.bin': { bytes: 30_730_000 },
      'data_batch_5.bin': { bytes: 30_730_000 },
      'test_batch.bin': { bytes: 30_730_000 },
      'data_batch_1.first4000.bin': { bytes: 12_292_000, md5: '07704ae233cc40e200a600eed4f4e13c' },
      'test_batch.first1000.bin': { bytes: 3_073_000, md5: '371f65da31ad652f5e24b3699a3e6515' }
    },
    sources: ['https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz'],
    archive: { md5: 'c32a1d4ab5d03f1284b67883e8d87530', folder: 'cifar-10-batches-bin' }
  }
}

/** Whether a text names a published set. */
export const isPublished = (name: string): name is PublishedName =>
  publishedNames.some((known) => known === name)
