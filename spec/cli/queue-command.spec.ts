import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { program } from '../../lib/cli/program.js'
import { smallTraining } from '../support/small-training.js'

const root = mkdtempSync(join(tmpdir(), 'tangentflow-queue-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const command = async (...args: readonly string[]): Promise<{ code: number; said: string }> => {
  let said = ''
  const tell = (text: string): void => void (said += text)
  return { code: await program(args, { out: tell, err: tell, interactive: false })(), said }
}

const file = join(root, 'grid.json')
writeFileSync(
  file,
  JSON.stringify({
    name: 'grid',
    data: { set: 'digits', validation: 0, train: 100, test: 40 },
    network: { kind: 'mlp', hidden: [12] },
    seeds: [0],
    methods: ['dense'],
    training: { ...smallTraining, epochs: 1 },
    evaluation: { epsilon: 0.05, attacks: [{ kind: 'fgsm' }] }
  })
)
const out = join(root, 'out')

// nothing listens at port 1
const [nowhere, secret] = ['redis://me:the-secret@127.0.0.1:1/0', 'the-secret']
const commands: readonly (readonly string[])[] = [['worker'], ['status'], ['experiment', file, '--out', out]]

describe('a command with a queue', () => {
  it.each(commands.map((words) => [words]))(
    'ends where no Redis answers, and says where: %j',
    async (words) => {
      const { code, said } = await command(...words, '--queue', nowhere, '--json')
      expect(code).toBe(1)
      expect(said).toMatch(
        /^IoError in queue: expected a Redis that answers there, .* \(at redis:\/\/127\.0\.0\.1:1\/0/m
      )
      expect(said).not.toContain(secret)
      expect(existsSync(out) ? readdirSync(out) : []).toEqual([])
    }
  )

  it.each([
    [['worker'], /expected the URL of a Redis, received nothing \(at --queue\)/],
    [['status'], /expected the URL of a Redis, received nothing \(at --queue\)/],
    [['worker', '--queue', `http://me:${secret}@host`], /expected a URL such as redis:\/\/host/],
    [['worker', nowhere], /expected an option/],
    [[nowhere], /expected an option or a command/],
    [['data', 'list', `--queue=${nowhere}`], /expected/]
  ] as const)('refuses without a password: %j', async (words, expected) => {
    const { code, said } = await command(...words, '--json')
    expect(code).toBe(1)
    expect(said).toMatch(expected)
    expect(said).not.toContain(secret)
  })
})
