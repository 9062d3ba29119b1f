import {
  attack,
  compile,
  data,
  formatError,
  key,
  ndarray,
  nn,
  ntk,
  openEngine,
  plot,
  train
} from 'tangentflow'

const BATCH = 64
const SIDE = 8

const net = nn.serial(nn.dense(32), nn.relu, nn.dense(10))
const { train: trainSet, test: testSet } = data.digitsSplit()

/** The places of the first `each` images of every class, class by class. */
const placesByClass = ({ y }, each) =>
  Array.from({ length: 10 }, (_, label) =>
    [...y.data.keys()].filter((place) => y.data[place] === label).slice(0, each)
  ).flat()

/** The right side of an Either; a Left becomes an exception with the error as text. */
const right = (either) => {
  if (either._tag === 'Left') throw new Error(formatError(either.left))
  return either.right
}

/** The traced functions of the page. */
const functionsOf = (epsilon, robust) => {
  const pgd = attack.pgd({ epsilon, steps: 10, stepSize: epsilon / 4 })
  const step = train.trainStep(net.apply, {
    optimiser: train.adam(),
    ...(robust && { attack: attack.pgd({ epsilon, steps: 3, stepSize: epsilon / 2 }) })
  })
  const attacked = (params, batch, noise) => {
    const { x } = pgd(net.apply)(params, batch, noise)
    const logits = net.apply(params)
    const share = (at) => nn.accuracy(batch.y)(logits(at))
    return { x, clean: share(batch.x), robust: share(x), before: logits(batch.x), after: logits(x) }
  }
  return { step, attacked, kernel: ntk.empiricalNtk(net.apply, { outputs: 'mean' }) }
}

/** The class with the largest logit of each example. */
const predictions = ({ shape: [count, classes], data: logits }) =>
  Array.from({ length: count }, (_, i) => {
    const row = logits.slice(i * classes, (i + 1) * classes)
    return row.indexOf(Math.max(...row))
  })

const drawImage = (x, place, predicted, label) => {
  const canvas = Object.assign(document.createElement('canvas'), { width: SIDE, height: SIDE })
  const context = canvas.getContext('2d')
  const pixels = context.createImageData(SIDE, SIDE)
  for (let i = 0; i < SIDE * SIDE; i++) {
    const ink = 255 * (1 - x.data[place * SIDE * SIDE + i])
    pixels.data.set([ink, ink, ink, 255], 4 * i)
  }
  context.putImageData(pixels, 0, 0)
  const figure = document.createElement('figure')
  figure.className = predicted === label ? 'right' : 'wrong'
  figure.append(canvas, `read as ${predicted}`)
  return figure
}

const drawKernel = (theta, title) => {
  const holder = document.createElement('div')
  holder.innerHTML = right(plot.heatMap(theta, { title, across: 'image, by class' }))
  return holder
}

const status = document.querySelector('#status')
const say = (state, text) => {
  status.dataset.state = state
  status.textContent = text
}

/** Lets the page draw what has changed. */
const breathe = () => new Promise((resume) => setTimeout(resume))

const work = async (engine, { epsilon, steps, robust }) => {
  const { step, attacked, kernel } = functionsOf(epsilon, robust)
  const params = net.init(key(0), [SIDE * SIDE])
  const twenty = data.take(placesByClass(testSet, 2))(testSet)
  const test = { x: testSet.x, y: testSet.y }
  const rate = ndarray.scalar(0.003)
  const mask = []

  const kernelOf = right(await compile(engine)(kernel, [params, twenty.x])())
  const before = right(await kernelOf(params, twenty.x)()).value

  const first = data.take([...Array(BATCH).keys()])(trainSet)
  let state = { params, state: train.initialState(train.adam())(params) }
  const batchOf = ({ x, y }) => ({ x, y })
  const stepOf = right(await compile(engine)(step, [state, batchOf(first), mask, rate, key(1)])())
  const started = performance.now()
  for (let i = 0; i < steps;) {
    const epoch = right(data.batches(BATCH)(trainSet.y.data.length)(key(2), i))
    for (const places of epoch.slice(0, steps - i)) {
      const { value } = right(await stepOf(state, batchOf(data.take(places)(trainSet)), mask, rate, key(i))())
      state = value.to
      i++
      if (i % 20 === 0) {
        say('running', `${engine.describe.backend}: step ${i}, loss ${value.loss.data[0].toFixed(3)}`)
        await breathe()
      }
    }
  }
  const took = (performance.now() - started) / steps

  const attackedOf = right(await compile(engine)(attacked, [state.params, test, key(3)])())
  const result = right(await attackedOf(state.params, test, key(3))()).value
  const after = right(await kernelOf(state.params, twenty.x)()).value

  const shown = placesByClass(testSet, 1)
  const [clean, hit] = [predictions(result.before), predictions(result.after)]
  document
    .querySelector('#images')
    .replaceChildren(
      ...shown.map((at) => drawImage(test.x, at, clean[at], test.y.data[at])),
      ...shown.map((at) => drawImage(result.x, at, hit[at], test.y.data[at]))
    )
  document
    .querySelector('#kernels')
    .replaceChildren(drawKernel(before, 'Θ at initialisation'), drawKernel(after, 'Θ after training'))
  const percent = ({ data: [share] }) => `${(100 * share).toFixed(1)} %`
  say(
    'done',
    `${engine.describe.backend}: ${steps} steps of ${took.toFixed(1)} ms. ` +
      `Of 400 test images ${percent(result.clean)} are right, ${percent(result.robust)} under attack.`
  )
}

document.querySelector('form').addEventListener('submit', async (event) => {
  event.preventDefault()
  const form = new FormData(event.target)
  const name = form.get('engine')
  say('running', 'Opening the engine …')
  await breathe()
  const opened = await openEngine(name === 'auto' ? {} : { require: name })()
  if (opened._tag === 'Left') return say('failed', formatError(opened.left))
  try {
    await work(opened.right, {
      epsilon: Number(form.get('epsilon')),
      steps: Number(form.get('steps')),
      robust: form.has('robust')
    })
  } catch (error) {
    say('failed', error.message)
  } finally {
    await opened.right.dispose()
  }
})
