import { program } from './program.js'

// Files are written in one go each, so here, between two turns of the event loop, none is half-written.
process.once('SIGINT', () => {
  process.stderr.write('\ninterrupted: the run is unfinished, and its folder may be used again\n')
  process.exit(130)
})

process.exitCode = await program(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  interactive: process.stderr.isTTY
})()
