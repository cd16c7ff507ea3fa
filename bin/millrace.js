#!/usr/bin/env node
// Starts the command line: the built one where the package is installed, the sources themselves in a checkout. Sources
// need a Node.js that reads TypeScript; an older one hands over to the pinned one that the checkout installs.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'

// V8 stops inlining into a function at 920 bytes of bytecode, half way through what a plain order takes. With room for all
// of it the order book is a tenth faster.
setFlagsFromString('--max-inlined-bytecode-size-cumulative=2000')

const root = new URL('../', import.meta.url)
const sources = new URL('src/cli/main.ts', root)
const built = new URL('dist/cli/main.js', root)

if (!existsSync(sources)) await import(built.href)
else if (process.features.typescript) await import(sources.href)
else {
  const pinned = fileURLToPath(new URL('node_modules/.bin/node', root))
  if (!existsSync(pinned)) {
    process.stderr.write(
      `millrace: a checkout runs on Node.js 24 or later (this is ${process.version}): run "npm ci", which installs it\n`,
    )
    process.exit(69)
  }
  const child = spawn(pinned, process.argv.slice(1), { stdio: 'inherit' })
  // A terminal signals the whole group; a supervisor only this process, so pass on what it says.
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  let interrupts = 0
  process.on('SIGINT', () => {
    if (!process.stdin.isTTY || interrupts++ > 1) child.kill('SIGINT')
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}
