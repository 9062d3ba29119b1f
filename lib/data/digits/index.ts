/**
 * The bundled digits: `text` has an image a line, in digits of base 17, and `digits` makes `Labelled` sets of it. It is the
 * only set that comes with the library; others are read from files, see `published` beside this folder.
 */
export { digits, digitsSplit } from './digits.js'
