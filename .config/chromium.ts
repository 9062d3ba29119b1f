import { spawnSync } from 'node:child_process'

const found = (name: string): string | undefined => {
  const { status, stdout } = spawnSync('which', [name], { encoding: 'utf8' })
  return status === 0 ? stdout.trim() : undefined
}

/** The browser of the specs: the environment's CHROMIUM, or an installed one; undefined where there is none. */
export const chromium: string | undefined =
  process.env.CHROMIUM ?? ['chromium', 'chromium-browser', 'google-chrome'].map(found).find(Boolean)

/** Why specs that need a browser are skipped without one. */
export const noChromium = 'no Chromium: install the Debian package chromium, or name one in CHROMIUM'

/**
 * WebGL 2 and WebGPU in software where there is no GPU, no sandbox as root, and nothing that talks to the outside. No watchdog:
 * it takes a kernel in software on a busy machine for a GPU that hangs, and kills the process with every context.
 */
export const chromiumArgs: readonly string[] = [
  '--no-sandbox',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
  '--disable-gpu-watchdog',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync'
]
