import { execFileSync } from 'node:child_process'
import { closeSync, constants, openSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import type { Browser } from 'playwright-core'
import { Folder } from '../support/folder.ts'
import { browser, openPage } from '../support/page.ts'
import { limit, ServedPipeline, SMALL } from '../support/served.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const dashboardDir = `${root}/dashboard/dist`
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

const FLOW = `
name: flow
instruments:
  AAPL: { tick: 0.01, lot: 1, referencePrice: 100 }
  MSFT: { tick: 0.01, lot: 1, referencePrice: 50 }
stages:
  - { id: flow, operator: ingest, from: { simulate: { seed: 7, orders: 1000000000, rate: 2000 } } }
  - { id: api, operator: ingest, from: api }
  - { id: match, operator: match, inputs: [flow, api] }
  - { id: clients, operator: publish, to: api }
`

let chrome: Browser
let flow: ServedPipeline
test.before(async () => {
  execFileSync(process.execPath, [`${root}/tools/build-dashboard.js`])
  chrome = await browser()
  flow = await ServedPipeline.start({ dashboardDir }, FLOW)
})
test.after.always(async () => {
  await chrome.close()
  await flow.close()
})

test.serial('dashboard - panels are docked, filled and drawn, and the console stays quiet', async (t) => {
  const { page, problems } = await openPage(chrome, flow.url)
  await page.getByRole('button', { name: /^match/ }).waitFor()
  await page
    .getByText(/orders\/s/)
    .first()
    .waitFor()
  await page.getByRole('img', { name: 'Order book of AAPL' }).waitFor()
  t.true((await page.locator('.dv-tab').count()) >= 9)
  const boxes = await page.locator('.dv-groupview').evaluateAll((all) =>
    (all as unknown as { getBoundingClientRect(): { width: number; height: number } }[]).map((one) => {
      const { width, height } = one.getBoundingClientRect()
      return width * height
    }),
  )
  t.true(boxes.length >= 5 && boxes.every((area) => area > 20_000), 'side by side, each of some size')
  await page
    .getByRole('tab', { name: 'Health' })
    .or(page.locator('.dv-tab', { hasText: 'Health' }))
    .first()
    .click()
  await page.getByText('loop delay p99').waitFor()
  t.deepEqual(problems, [])
  await page.context().close()
})

test.serial(
  'dashboard - the graph names a publisher that does not get rid of its records as the root cause',
  async (t) => {
    const folder = new Folder()
    const fifo = folder.at('events.ndjson')
    execFileSync('mkfifo', [fifo])
    // Someone has it open and reads nothing: it takes 64 KiB, and then no more.
    const reader = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK)
    const stalled = await ServedPipeline.start(
      { dashboardDir },
      `${FLOW.replace('rate: 2000', 'rate: 50000')}
  - { id: slow, operator: publish, inputs: match, to: { ndjson: { file: '${fifo}' } } }
`,
    )
    const { page } = await openPage(chrome, stalled.url)
    await page.getByText(/Root cause: slow/).waitFor({ timeout: 30_000 })
    await page.getByRole('button', { name: /^slow.*root cause/s }).waitFor()
    t.is((await stalled.call('GET', '/api/stats')).json.rootCause.stages[0], 'slow')
    t.regex((await stalled.call('GET', '/ready')).json.detail, /slow holds back/)
    await page.getByRole('button', { name: /^slow.*root cause/s }).click()
    await page.getByRole('region', { name: 'Stage slow' }).waitFor()
    await page.context().close()
    const drained = stalled.pipeline.abort()
    closeSync(reader)
    await drained
    await stalled.server.close()
    folder.remove()
  },
)

test.serial('dashboard - an order placed on the page trades and says how long it took', async (t) => {
  const small = await ServedPipeline.start({ dashboardDir }, SMALL)
  t.teardown(() => small.close())
  await small.call('POST', '/api/orders', limit('sell', 101, 5, { client: 'maker' }))
  const { page, problems } = await openPage(chrome, small.url, { role: 'trader' })
  await page.locator('input[name=price]').fill('101.00')
  await page.locator('input[name=quantity]').fill('8')
  await page.locator('button.send').click()
  const told = page.locator('.ticket output')
  await told.getByText(/accepted, 1 trade: .* from click to answer, .* of it in the server/).waitFor()
  t.like((await small.call('GET', '/api/trades/AAPL')).json.at(-1), { price: '101.00', quantity: '5' })
  await page.getByRole('cell', { name: '3 / 8' }).waitFor()
  await page.getByLabel(/^New quantity of/).fill('7')
  await page.getByRole('button', { name: 'amend' }).click()
  await page.getByRole('cell', { name: '2 / 7' }).waitFor()
  await page.getByRole('button', { name: 'cancel' }).click()
  await page.getByText('desk has no live orders').waitFor()
  t.deepEqual((await small.call('GET', '/api/orders?client=desk')).json, [])
  t.deepEqual(problems, [])
  await page.context().close()
})

test.serial('dashboard - where a panel is moved to outlives a reload, for each role', async (t) => {
  const { page } = await openPage(chrome, flow.url)
  const tab = (name: string) => page.locator('.dv-tab', { hasText: name })
  const groupOf = (name: string): Promise<string> =>
    page
      .locator('.dv-groupview', { has: tab(name) })
      .locator('.dv-tab')
      .allInnerTexts()
      .then((all) => all.sort().join())
  await tab('Book').waitFor()
  t.is(await groupOf('Book'), 'Book')
  const [from, onto] = [await tab('Book').boundingBox(), await tab('Latency').boundingBox()]
  await page.mouse.move(from!.x + 10, from!.y + 10)
  await page.mouse.down()
  await page.mouse.move(from!.x + 20, from!.y + 14, { steps: 4 })
  await page.mouse.move(onto!.x + 200, onto!.y + 150, { steps: 20 })
  await page.mouse.up()
  await page.waitForFunction(`localStorage.getItem('layout-3-operator') !== null`)
  const moved = await groupOf('Book')
  t.true(moved.includes('Latency'), moved)
  await page.waitForFunction(
    `Object.values(JSON.parse(localStorage.getItem('layout-3-operator')).panels).length >= 9`,
  )
  await page.reload()
  await tab('Book').waitFor()
  t.is(await groupOf('Book'), moved)
  await page.getByLabel('Layout').selectOption('trader')
  await tab('Price').waitFor()
  t.is(await groupOf('Book'), 'Book', "another role's layout is its own")
  await page.reload()
  t.is(await page.getByLabel('Layout').inputValue(), 'trader')
  await page.getByLabel('Layout').selectOption('operator')
  await tab('Health').waitFor()
  t.is(await groupOf('Book'), moved)
  await page.getByText('reset layout').click()
  await tab('Health').waitFor()
  t.is(await groupOf('Book'), 'Book')
  await page.context().close()
})

for (const theme of ['dark', 'light'] as const)
  test.serial(`dashboard - axe finds nothing serious or critical, ${theme}`, async (t) => {
    for (const role of ['operator', 'trader', 'risk']) {
      const { page } = await openPage(chrome, flow.url, { theme, role })
      await page.locator('.dv-tab').first().waitFor()
      await page.evaluate(axe)
      const found = (await page.evaluate('axe.run()')) as {
        violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[]
      }
      const serious = found.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
      t.deepEqual(
        serious.map(({ id, nodes }) => `${id}: ${nodes[0]!.html} ${nodes[0]!.failureSummary}`),
        [],
        role,
      )
      await page.context().close()
    }
  })

test.serial('dashboard - on a phone panels stand one under the other and nothing sticks out', async (t) => {
  const { page, problems } = await openPage(chrome, flow.url, { width: 390, height: 844 })
  await page.getByRole('heading', { name: 'Pipeline' }).waitFor()
  const wide = await page.evaluate(`document.documentElement.scrollWidth`)
  t.true((wide as number) <= 390, String(wide))
  await page.getByRole('heading', { name: 'Order', exact: true }).scrollIntoViewIfNeeded()
  t.true(await page.locator('button.send').isVisible())
  t.deepEqual(problems, [])
  await page.context().close()
})

test.serial('dashboard - when the server goes the page says that what it shows is old', async (t) => {
  const short = await ServedPipeline.start({ dashboardDir })
  const { page } = await openPage(chrome, short.url)
  await short.close()
  await page.getByText('connection lost: what is shown is old').waitFor()
  t.pass()
  await page.context().close()
})
