/** One lesson: its page, `<name>.md`, and its folder, `<name>/`, with the files lesson.ts, model.ts and view.ts. */
export interface LessonRow {
  readonly name: string
  /** What it is called where lessons are listed. */
  readonly title: string
  /** The point that it makes. */
  readonly point: string
}

/** Every lesson in its order: the sidebar, the list of lessons and the tests read it. */
export const lessons: readonly LessonRow[] = [
  {
    name: '01-functions-graphs-gradients',
    title: 'Functions, graphs, gradients',
    point: 'reverse mode is linearise, then transpose'
  },
  {
    name: '02-from-a-graph-to-kernels',
    title: 'From a graph to kernels',
    point: 'what is fused runs as one loop, with seven digits'
  },
  {
    name: '03-feature-map',
    title: 'The gradient is a feature map',
    point: 'Θ(x, x′) is the product of two gradients, and says how a step on one input moves the other'
  },
  {
    name: '04-kernel-by-hand',
    title: 'A kernel by hand',
    point: 'four numbers of a network give four numbers of a kernel, and those the largest stable rate'
  },
  {
    name: '05-width',
    title: 'Width',
    point: 'the kernels of random networks close in on one, as fast as one over the root of the width'
  },
  {
    name: '06-depth',
    title: 'Depth and activation',
    point: 'a kernel layer by layer: arc-cosine values, order and chaos'
  },
  {
    name: '07-flow',
    title: 'Training is a flow of a kernel',
    point: 'each mode of the kernel is learnt at its own speed, and above 2N/λ₁ nothing is'
  },
  {
    name: '08-ensembles',
    title: 'Ensembles and Gaussian processes',
    point: 'which posterior training gives'
  },
  {
    name: '09-lazy-or-rich',
    title: 'Lazy or rich',
    point: 'a scale in front of the network decides whether the kernel stays'
  },
  {
    name: '10-attacks',
    title: 'Attacks',
    point: 'one step goes far, many steps find the way, and a failed attack proves nothing'
  },
  {
    name: '11-mixed-kernel',
    title: 'The mixed kernel',
    point: 'adversarial training follows the kernel between clean and attacked examples'
  },
  {
    name: '12-masks',
    title: 'Masks',
    point: 'which kernel governs masked training, and how a score can empty a layer'
  },
  {
    name: '13-winning-ticket',
    title: 'The winning ticket',
    point: 'what matching a kernel buys, what it does not, and which controls show that'
  },
  {
    name: '14-what-it-costs',
    title: 'What it costs',
    point: 'the same sum in another order takes thirty times fewer operations, or three hundred'
  }
]
