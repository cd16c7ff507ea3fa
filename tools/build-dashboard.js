// `npm run build:dashboard`: the web page, in dashboard/dist. Runs by itself after `npm ci`. Plain JavaScript, as it may run
// on a Node.js that takes no TypeScript; does nothing where its tools are not installed, as with `npm ci --omit=dev`.
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
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
    plugins: [dockviewStyle()],
  })
}

/**
 * `dockview-core/style.css`. The package has its style sheet only as text inside the bundle that puts it into the page
 * by script; taken out of there it lies in the page's own style sheet.
 */
function dockviewStyle() {
  const bundle = fileURLToPath(import.meta.resolve('dockview-core/dist/dockview-core.min.js'))
  return {
    name: 'dockview-style',
    setup(build) {
      build.onResolve({ filter: /^dockview-core\/style\.css$/ }, () => ({ path: bundle, namespace: 'style' }))
      build.onLoad({ filter: /.*/, namespace: 'style' }, () => {
        const text = /\.textContent=`((?:[^`\\]|\\.)*)`/.exec(readFileSync(bundle, 'utf8'))?.[1]
        if (text?.includes('.dv-groupview') !== true) throw new Error(`no style sheet in ${bundle}`)
        return { contents: text.replaceAll(/\\(.)/gs, '$1'), loader: 'css' }
      })
    },
  }
}
