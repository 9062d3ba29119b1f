import { fail } from '../../core/error.js'
import { forEachPlace, onlyShape, sameShape, type Shape, showShape, sizeOf } from '../../core/shape.js'
import type { OpOf, OpTag, Primitive } from '../op.js'

/** A kernel that slides over the last two axes. */
type Sliding = Pick<OpOf<'unfold'>, 'kernel' | 'stride'>

/** The shape of the windows of an image. */
const windowsOf = ({ kernel, stride }: Sliding, shape: Shape): Shape => {
  const [h, w] = shape.slice(-2)
  const positive = [...kernel, ...stride].every((n) => Number.isInteger(n) && n >= 1)
  const fits = positive && h !== undefined && w !== undefined && kernel[0] <= h && kernel[1] <= w
  return fits
    ? [
        ...shape.slice(0, -2),
        ...kernel,
        Math.floor((h - kernel[0]) / stride[0]) + 1,
        Math.floor((w - kernel[1]) / stride[1]) + 1
      ]
    : fail(
        'ShapeError',
        'unfold',
        `two last axes of at least the kernel, and whole kernel and stride ≥ 1`,
        `${showShape(shape)}, kernel ${showShape(kernel)}, stride ${showShape(stride)}`
      )
}

/** Pairs every element of the windows with the place in the image it is taken from. */
const eachWindow = (
  stride: readonly [number, number],
  image: Shape,
  folded: Shape,
  visit: (window: number, pixel: number) => void
): void => {
  const [h, w] = [image[image.length - 2]!, image[image.length - 1]!]
  const inner = folded.slice(-4)
  const images = sizeOf(image) / (h * w)
  const span = sizeOf(inner)
  for (let n = 0; n < images; n++) {
    forEachPlace(inner, (at, [ky, kx, oy, ox]) => {
      visit(n * span + at, n * h * w + (oy! * stride[0] + ky!) * w + ox! * stride[1] + kx!)
    })
  }
}

const show = ({ kernel, stride }: Sliding): string => `${showShape(kernel)} stride ${showShape(stride)}`

/** The sliding windows of convolution, and their transpose. */
export const windows = {
  unfold: {
    shape: (op, inputs) => windowsOf(op, onlyShape('unfold', inputs)),
    evaluate: ({ stride }, [x], { inputs, shape }) => {
      const out = new Float64Array(sizeOf(shape))
      eachWindow(stride, inputs[0]!.shape, shape, (window, pixel) => (out[window] = x![pixel]!))
      return out
    },
    key: JSON.stringify,
    show
  },
  fold: {
    shape: (op, inputs) => {
      const shape = onlyShape('fold', inputs)
      const image = [...shape.slice(0, -4), ...op.size]
      const expected = windowsOf(op, image)
      return sameShape(shape, expected)
        ? image
        : fail('ShapeError', 'fold', showShape(expected), showShape(shape))
    },
    evaluate: ({ stride }, [x], { inputs, shape }) => {
      const out = new Float64Array(sizeOf(shape))
      eachWindow(stride, shape, inputs[0]!.shape, (window, pixel) => (out[pixel]! += x![window]!))
      return out
    },
    key: JSON.stringify,
    show
  }
} satisfies { readonly [T in OpTag]?: Primitive<T> }
