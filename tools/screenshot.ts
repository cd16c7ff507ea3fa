import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { start } from '../test/support/cli.ts'
import { browser, openPage } from '../test/support/page.ts'

/**
 * `npm run screenshot`: runs pipelines/live.yaml, opens its dashboard in Chromium, trades a little, and writes
 * docs/dashboard.png. `-- --theme light --role trader --out FILE` for others.
 */
const { values } = parseArgs({
  options: {
    theme: { type: 'string', default: 'dark' },
    role: { type: 'string', default: 'operator' },
    width: { type: 'string', default: '1440' },
    height: { type: 'string', default: '900' },
    out: { type: 'string', default: fileURLToPath(new URL('../docs/dashboard.png', import.meta.url)) },
  },
})
const theme = values.theme === 'light' ? 'light' : 'dark'
const SETTLE_MS = 12_000
const folder = mkdtempSync(join(tmpdir(), 'millrace-screenshot-'))
const alert = ['--alert', 'p99 > 1s', '--history', join(folder, 'history.db')]
const running = start(['run', 'pipelines/live.yaml', '--serve', '0', '--quiet', ...alert])
await running.until(({ stderr }) => stderr.includes('API at'))
const url = /API at (\S+)/.exec(running.stderr)![1]!
const chrome = await browser()
try {
  const { page } = await openPage(chrome, url, {
    theme,
    role: values.role,
    width: Number(values.width),
    height: Number(values.height),
  })
  // Charts look like something once some seconds are on them.
  await page.waitForTimeout(SETTLE_MS)
  const price = page.locator('input[name=price]')
  if ((await price.count()) > 0) {
    const book = (await (await fetch(`${url}/api/book/AAPL?levels=1`)).json()) as { offers: [string][] }
    await price.fill(book.offers[0]![0])
    await page.locator('button.send').click()
    await page.locator('.ticket output').getByText('click to answer').waitFor()
  }
  await page.screenshot({ path: values.out })
  console.log(values.out)
} finally {
  await chrome.close()
  running.child.kill('SIGINT')
  await running.ended
  rmSync(folder, { recursive: true, force: true })
}
