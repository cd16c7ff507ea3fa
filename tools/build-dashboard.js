// `npm run build:dashboard`: the web page, in dashboard/dist. Runs by itself after `npm ci`. Plain JavaScript, as it may run
// on a Node.js that takes no TypeScript; does nothing where its tools are not installed, as with `npm ci --omit=dev`.
import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../dashboard', import.meta.url))
const esbuild = await import('esbuild').catch(() => undefined)
if (esbuild !== undefined) {
  const outdir = join(root, 'dist')
  mkdirSync(outdir, { recursive: true })
  copyFileSync(join(root, 'index.html'), join(outdir, 'index.html'))
  await esbuild.build({
    entryPoints: [join(root, 'src/main.tsx')],
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    outdir,
    logLevel: 'warning',
    legalComments: 'linked',
  })
}
