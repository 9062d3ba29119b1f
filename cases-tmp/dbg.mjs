import { grad, ndarray, ops, train, trace, spec, print } from 'tangentflow'
import { A, check } from './common.mjs'
const zero = ops.constant
const stepWith = (opt) => (w, x) => {
  const g = grad((v) => ops.sum()(ops.square(ops.mul(x)(v))))(w)
  const none = ops.sub(w)(w)
  const from = { params: w, state: { slots: [none, none], count: zero(ndarray.scalar(0)) } }
  return opt.step(zero(ndarray.scalar(0.1)))(g)(from).params
}
const step = stepWith(train.adam())
await check('step', step, [A([1, 1]), A([1, 0])], '.9 1')
const f=(w, x) => grad((v) => ops.sum()(step(v, x)))(w)
const t=trace(f,[spec([2]),spec([2])]); console.log(print(t.right.graph))
