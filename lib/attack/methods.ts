export { apgdMethod as apgd } from './apgd.js'
export { apgdL1Method as apgdL1 } from './apgd-l1.js'
export { pgdMethod as pgd } from './pgd.js'
export { squareMethod as square } from './square.js'
