// `npm run build`: src/ as JavaScript and type declarations in dist/, and the dashboard's page beside it, for the package.
import { execFileSync } from 'node:child_process'
import { cpSync, rmSync } from 'node:fs'

rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true })
execFileSync('tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit', cwd: new URL('..', import.meta.url) })
execFileSync(process.execPath, ['tools/build-dashboard.js'], {
  stdio: 'inherit',
  cwd: new URL('..', import.meta.url),
})
cpSync(new URL('../dashboard/dist', import.meta.url), new URL('../dist/dashboard', import.meta.url), {
  recursive: true,
})
