// `npm run build:kernel`: compiles src/book/kernel to WebAssembly and writes it into src/book/state/kernel-code.ts, so
// that nobody else needs the compiler. With a file named, writes there instead: a test compares.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const target = process.argv[2] ?? join(root, 'src/book/state/kernel-code.ts')
const LINE = 100

const folder = mkdtempSync(join(tmpdir(), 'millrace-kernel-'))
try {
  const file = join(folder, 'kernel.wasm')
  const compiler = join(root, 'node_modules/assemblyscript/bin/asc.js')
  execFileSync(
    process.execPath,
    [compiler, 'src/book/kernel/kernel.ts', '--config', 'src/book/kernel/asconfig.json', '--outFile', file],
    { stdio: 'inherit', cwd: root },
  )
  const code = readFileSync(file)
  const lines = code.toString('base64').match(new RegExp(`.{1,${LINE}}`, 'g')) ?? []
  writeFileSync(
    target,
    `// Made by \`npm run build:kernel\` from src/book/kernel; test/book/kernel compares. ${code.length} bytes in base64.\nexport const KERNEL_CODE =\n${lines.map((line) => `  '${line}'`).join(' +\n')}\n`,
  )
} finally {
  rmSync(folder, { recursive: true, force: true })
}
