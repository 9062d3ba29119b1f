import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { once } from 'node:events'

/**
 * Starts an X server without a screen for the run where there is none and Xvfb is installed: `headlessgl` needs one. The
 * workers inherit DISPLAY.
 */
export const setup = async (): Promise<(() => void) | undefined> => {
  if (process.env.DISPLAY !== undefined || !existsSync('/usr/bin/Xvfb')) return undefined
  const server = spawn('/usr/bin/Xvfb', ['-displayfd', '1', '-screen', '0', '64x64x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'pipe', 'ignore']
  })
  const exited = once(server, 'exit').then(() => undefined)
  const number = await Promise.race([
    once(server.stdout, 'data').then(([data]) => String(data).trim()),
    exited
  ])
  if (number === undefined) return undefined
  process.env.DISPLAY = `:${number}`
  return () => {
    server.kill()
    delete process.env.DISPLAY
  }
}
