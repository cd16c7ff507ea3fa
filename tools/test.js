// `npm test`: types, lint and format, then the tests. Ends with one line, `N passed, N failed`. Plain JavaScript, so that
// it can say what is missing on a machine where nothing is installed yet.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const tools = join(root, 'node_modules', '.bin')
const checks = [
  ['types', 'tsc', '-p', 'tsconfig.json'],
  ['types of the build', 'tsc', '-p', 'tsconfig.build.json', '--noEmit'],
  ['types of the dashboard', 'tsc', '-p', 'dashboard/tsconfig.json'],
  ['lint', 'oxlint', '--type-aware', '--deny-warnings'],
  ['format', 'prettier', '--check', '--log-level', 'warn', '.'],
]

if (!existsSync(join(tools, 'ava'))) fail('nothing is installed yet: run "npm ci" first')
if (!process.features.typescript)
  fail(`the tests run on Node.js 24, which "npm ci" installs; this is ${process.version}: use "npm test"`)

let passed = 0
let failed = 0
for (const [name, ...command] of checks) {
  const { code, output } = await run(command, false)
  if (code === 0) passed++
  else failed++
  process.stdout.write(`${code === 0 ? 'passed' : 'FAILED'}  ${name}\n${code === 0 ? '' : `${output}\n`}`)
}
const tests = await run(['ava', ...process.argv.slice(2)], true)
const count = (pattern) =>
  [...tests.output.matchAll(pattern)].reduce((sum, match) => sum + Number(match[1]), 0)
const broken = count(
  /^\s*(\d+) (?:tests? failed|uncaught exceptions?|unhandled rejections?|tests? skipped|tests? todo)/gm,
)
passed += [...tests.output.matchAll(/^\s*✔ /gm)].length
failed += broken === 0 && tests.code !== 0 ? 1 : broken
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1

/** Runs a command of node_modules/.bin; shows its output as it comes, or keeps it to show on failure. */
function run([command, ...args], show) {
  const path = [tools, process.env.PATH].join(delimiter)
  const child = spawn(join(tools, command), args, { cwd: root, env: { ...process.env, PATH: path } })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data) => {
      output += data
      if (show) process.stdout.write(data)
    })
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output })))
}

function fail(what) {
  process.stdout.write(`${what}\n0 passed, 1 failed\n`)
  process.exit(1)
}
