import { describe, expect, it } from 'vitest'
import { openEngine, resident, withEngine } from 'tangentflow'
import { decodeCheckpoint } from '../../lib/checkpoint/index.js'
import * as experiment from 'tangentflow/experiment'
import { right } from '../support/either.js'
import { smallTraining } from '../support/small-training.js'
import { memoryStores } from '../support/store.js'

type Methods = experiment.Experiment['methods']

const small = (methods: Methods): experiment.Experiment => ({
  name: 'small',
  data: { set: 'digits', validation: 0, train: 100, test: 60 },
  network: { kind: 'mlp', hidden: [16] },
  seeds: [0],
  methods,
  densities: [0.5],
  training: smallTraining,
  evaluation: { epsilon: 0.05, attacks: [{ kind: 'fgsm' }] }
})

/** A record but for the times of its runs, which no two have in common. */
const timeless = (record: experiment.ExperimentRecord): experiment.ExperimentRecord => ({
  ...record,
  runs: record.runs.map(({ seconds: _seconds, ...run }) => run)
})

const ran = async (
  setting: experiment.Experiment,
  options: experiment.ExperimentOptions = {}
): Promise<experiment.ExperimentRecord> =>
  timeless(right(await experiment.run(setting, options)(withEngine())()))

describe('experiment.run', () => {
  it(
    'draws masks by every method, measures them, and follows their training',
    { timeout: 240_000 },
    async () => {
      const steps = { steps: 3, batch: 8 }
      const { runs } = await ran({
        ...small([
          { kind: 'ticket', ...steps, along: [2], power: 1 },
          {
            kind: 'ticket',
            name: 'moving',
            ...steps,
            against: 'sparse',
            weights: { rate: 0.1, radius: 0.1 }
          },
          {
            kind: 'ticket',
            name: 'descent',
            ...steps,
            kernel: 'explicit',
            horizon: 4,
            gradual: 2,
            loss: 1
          },
          { kind: 'dense' },
          { kind: 'random' },
          { kind: 'magnitude', name: 'warm', after: 1 },
          { kind: 'snip', batch: 50, samples: 100 },
          { kind: 'grasp' },
          { kind: 'synflow', rounds: 3 },
          { kind: 'kernelTrace' },
          { kind: 'edgePopup', ...steps },
          { kind: 'hydra', ...steps },
          { kind: 'transfer', ...steps, refresh: 2 },
          { kind: 'threeStage' },
          { kind: 'rewind', to: 1, rounds: 2 }
        ]),
        measures: { kernelImages: 4, dynamicsImages: 10, checkpoints: 2 }
      })
      expect(runs).toHaveLength(15)
      expect(runs[0]!.method).toBe('dense') // first, whatever the setting says: the others are compared with it
      for (const { method, training, measures } of runs) {
        const { layers, cost, distance, kernel, trajectory, search, epochs } = measures!
        const kept = layers.reduce((sum, layer) => sum + layer.kept, 0)
        expect([method, kept]).toEqual([method, method === 'dense' ? 16 * 74 : 8 * 74])
        expect(cost.flops).toBe(2 * kept)
        expect(kernel!.eigenvalues).toHaveLength(4)
        expect([method, training.steps]).toEqual([method, ['threeStage', 'warm'].includes(method) ? 2 : 4])
        expect(distance === undefined).toBe(method === 'dense')
        if (distance !== undefined) expect(distance.kernel).toBeGreaterThan(0)
        expect(trajectory === undefined).toBe(['dense', 'threeStage', 'warm'].includes(method))
        if (trajectory !== undefined) expect([trajectory.length, epochs]).toEqual([2, [1, 2]])
        expect(search === undefined).toBe(!['ticket', 'moving', 'descent', 'transfer'].includes(method))
        if (search !== undefined && method !== 'transfer') {
          expect(search.steps).toEqual([1, 2, 3])
          expect(search.flips.map((flips) => flips.length)).toEqual([2, 2, 2])
          expect(search.after).toEqual(distance)
        }
      }
      expect(runs[0]!.measures!.kernel!.denseAlignment).toBeCloseTo(1, 6)
    }
  )

  it('has controls: dense networks that differ in their batches or their start alone', async () => {
    const { runs } = await ran({
      ...small([{ kind: 'otherStart' }, { kind: 'dense' }, { kind: 'otherBatches' }, { kind: 'random' }]),
      densities: [0.5, 0.25],
      measures: { kernelImages: 4, dynamicsImages: 10, checkpoints: 2 }
    })
    expect(runs.map(({ method, density }) => [method, density])).toEqual([
      ['otherStart', 1],
      ['dense', 1],
      ['otherBatches', 1],
      ['random', 0.5],
      ['random', 0.25]
    ])
    const [otherStart, dense, otherBatches] = runs.map(({ measures }) => measures!)
    expect(otherBatches!.layers).toEqual(dense!.layers)
    expect(otherBatches!.kernel).toEqual(dense!.kernel)
    expect(otherBatches!.distance).toBeUndefined()
    expect(Math.min(...otherBatches!.trajectory!)).toBeGreaterThan(0)
    expect(otherStart!.distance!.kernel).toBeGreaterThan(0)
    expect(otherStart!.kernel).not.toEqual(dense!.kernel)
    expect(otherStart!.trajectory![0]).toBeGreaterThan(otherBatches!.trajectory![0]!)
  })

  it('trains a mask longer as an experiment of so many epochs does, and compares it at equal parts', async () => {
    const measures = { kernelImages: 4, dynamicsImages: 10, checkpoints: 3 }
    const setting: experiment.Experiment = {
      ...small([
        { kind: 'dense' },
        { kind: 'magnitude' },
        { kind: 'magnitude', name: 'longer', longer: 3 },
        { kind: 'magnitude', name: 'as long', longer: 1 }
      ]),
      densities: [0.5, 0.25],
      measures
    }
    const found = await ran(setting)
    const runOf = (method: string, density: number) =>
      found.runs.find((run) => run.method === method && run.density === density)!
    // four steps of the dense network: two epochs
    expect([0.5, 0.25].map((density) => runOf('longer', density).training.steps)).toEqual([8, 12])
    expect(runOf('longer', 0.25).training).toMatchObject({ losses: { length: 6 }, epoch: 6 })
    const parts = [0.5, 0.25].map((density) => runOf('longer', density).measures!)
    expect(parts.map(({ epochs }) => epochs)).toEqual([
      [1.5, 2.5, 4],
      [2, 4, 6]
    ])
    for (const { trajectory } of parts) expect(Math.min(...trajectory!)).toBeGreaterThan(0)
    for (const density of [0.5, 0.25]) {
      const { setting: _ours, method: _name, ...same } = runOf('as long', density)
      expect(runOf('magnitude', density)).toMatchObject(same)
    }
    const training = { ...setting.training, epochs: 4 }
    const whole = await ran({ ...setting, training, methods: [{ kind: 'magnitude' }], densities: [0.5] })
    const { training: trained, robustness } = whole.runs[0]!
    expect(runOf('longer', 0.5)).toMatchObject({ training: trained, robustness })
  })

  it('centres each run at its own start: all begin with the loss of equal logits', async () => {
    const setting: experiment.Experiment = {
      ...small([{ kind: 'dense' }, { kind: 'otherStart' }, { kind: 'magnitude' }]),
      measures: { kernelImages: 2, dynamicsImages: 4, checkpoints: 2 }
    }
    const { attack: _attack, ...clean } = setting.training
    const training = { ...clean, epochs: 1, batch: 'all' as const }
    const { runs } = await ran({
      ...setting,
      network: { kind: 'mlp', hidden: [16], centred: true },
      training
    })
    for (const { training: found } of runs) {
      expect(found.steps).toBe(1)
      expect(found.losses[0]).toBeCloseTo(Math.log(10), 5)
    }
    const plain = await ran({ ...setting, training })
    expect(Math.abs(plain.runs[0]!.training.losses[0]! - Math.log(10))).toBeGreaterThan(0.01)
    // a distance relative to outputs that are all 0 is none
    const distances = [runs, plain.runs].map((all) => all[2]!.measures!.distance!)
    expect(distances.map(({ kernel }) => kernel > 0)).toEqual([true, true])
    expect(distances.map(({ output }) => output !== undefined)).toEqual([false, true])
  })

  it('chooses masks in the norm that the training withstands', async () => {
    const pixelsIn = async (norm: 'l2' | 'linf'): Promise<unknown> => {
      const setting = small([{ kind: 'snip' }])
      const attack = { kind: 'pgd', norm, epsilon: 1, steps: 2, relativeStep: 2 } as const
      const { runs } = await ran({ ...setting, training: { ...setting.training, attack } })
      return runs[0]!.measures!.pixels
    }
    expect(await pixelsIn('l2')).not.toEqual(await pixelsIn('linf'))
  })

  it('saves to a store, reads finished runs from it, and tells of progress', async () => {
    const { saved, store } = memoryStores()
    const told: experiment.ExperimentProgress[] = []
    const onProgress = (progress: experiment.ExperimentProgress) => () => void told.push(progress)
    const setting = small([{ kind: 'dense' }, { kind: 'magnitude' }])
    const first = await ran(setting, { store, onProgress })
    expect([...saved.keys()].sort()).toEqual([
      'dense-seed0.json',
      'dense-seed0.training.checkpoint',
      'magnitude-0.5-seed0.json',
      'magnitude-0.5-seed0.training.checkpoint'
    ])
    expect(told.filter(({ phase }) => phase === 'finished').map(({ run }) => run)).toEqual([
      'dense-seed0',
      'magnitude-0.5-seed0'
    ])
    const count = told.length
    expect(await ran(setting, { store, onProgress })).toEqual(first)
    expect(told).toHaveLength(count)
  })

  it('stops at the next program, saved at the step it has reached, and continues to the same numbers', async () => {
    const { saved, store } = memoryStores()
    const setting = small([{ kind: 'dense' }, { kind: 'ticket', steps: 3, batch: 8 }])
    const whole = await ran(setting)
    let calls = 0
    for (let isDone = false, end = 2; !isDone; end += 3) {
      calls = 0
      const stop = () => Promise.resolve(++calls > end)
      const result = await experiment.run(setting, { store, stop })(withEngine())()
      isDone = result._tag === 'Right'
      if (isDone) expect(timeless(right(result))).toEqual(whole)
      else {
        expect(result).toMatchObject({ left: { _tag: 'StopError', operation: 'experiment' } })
        expect(calls).toBe(end + 1)
      }
      if (end === 5) {
        const found = right(decodeCheckpoint(saved.get('dense-seed0.training.checkpoint')!))
        expect(found.position).toBeGreaterThan(0)
      }
    }
  })

  it('stops before a training whose state stays on the device', async () => {
    const { saved, store } = memoryStores()
    const open: experiment.OpenEngine = (use) =>
      withEngine()((engine) =>
        use({ ...engine, resident: (step, specs) => resident({ compile: engine.compile })(step, specs) })
      )
    const options = { store, stop: () => Promise.resolve(true) }
    expect(await experiment.run(small([{ kind: 'dense' }]), options)(open)()).toMatchObject({
      left: { _tag: 'StopError', operation: 'experiment' }
    })
    expect([...saved.keys()]).not.toContain('dense-seed0.training.checkpoint')
  })

  it('names the file, the setting and both values where a run of another setting is there', async () => {
    const { saved, store } = memoryStores()
    const setting = small([{ kind: 'random' }])
    await ran(setting, { store })
    const other = { ...setting, training: { ...setting.training, batch: 25 } }
    expect(await experiment.run(other, { store })(withEngine())()).toMatchObject({
      left: {
        _tag: 'ConfigError',
        expected: 'the training.batch of the run that is there (50)',
        received: '25',
        where: 'folder/random-0.5-seed0.json: training.batch'
      }
    })
    saved.delete('random-0.5-seed0.json')
    expect(await experiment.run(other, { store })(withEngine())()).toMatchObject({
      left: {
        _tag: 'ArgumentError',
        expected: 'the batch of the checkpoint (50)',
        received: '25',
        where: 'folder/random-0.5-seed0.training.checkpoint: batch'
      }
    })
  })

  it('takes a method by its kind alone, as a JSON file may have it', async () => {
    const setting = small([{ kind: 'random' }])
    const byName = JSON.parse(JSON.stringify({ ...setting, methods: ['random'] })) as experiment.Experiment
    expect(await ran(byName)).toEqual(await ran(setting))
  })

  it('runs on an engine that stays open, to the same numbers', async () => {
    const setting = small([{ kind: 'random' }])
    const engine = right(await openEngine()())
    const record = right(await experiment.run(setting)((use) => use(engine))())
    await engine.dispose()
    expect(timeless(record)).toEqual(await ran(setting))
  })

  it.each([
    [{ ...small([{ kind: 'dense' }]), data: { set: 'mnist', validation: 0 } }, 'the images of mnist'],
    [{ ...small([{ kind: 'random' }]), densities: [0.0001] }, 'a density that keeps one of'],
    [{ ...small([{ kind: 'magnitude' }]), densities: [0.001] }, 'a density that keeps one of'],
    [{ ...small([{ kind: 'dense' }]), data: { set: 'digits', validation: 1397 } }, 'a whole number of pairs']
  ] as const)('refuses what would fail before anything is computed: case %#', async (setting, expected) => {
    const opened: string[] = []
    const result = await experiment.run(setting)((use) => {
      opened.push('an engine')
      return withEngine()(use)
    })()
    expect(result).toMatchObject({ left: { expected: expect.stringContaining(expected) as string } })
    expect(opened).toEqual([])
  })
})
