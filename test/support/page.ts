import { chromium, type Browser, type Page } from 'playwright-core'

const ARGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run']
const QUIET = ['--disable-background-networking', '--disable-component-update', '--disable-sync']

export function browser(): Promise<Browser> {
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: [...ARGS, ...QUIET] })
}

export interface PageOptions {
  readonly width?: number
  readonly height?: number
  readonly role?: string
  readonly theme?: 'light' | 'dark'
}

/** Opens the dashboard. What the console says is kept in `problems`. */
export async function openPage(
  of: Browser,
  url: string,
  { width = 1_280, height = 800, role = 'operator', theme = 'dark' }: PageOptions = {},
): Promise<{ page: Page; problems: string[] }> {
  const context = await of.newContext({ viewport: { width, height } })
  const page = await context.newPage()
  const problems: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(message.text())
  })
  page.on('pageerror', (error) => problems.push(String(error)))
  // Only at first: what the page itself keeps must outlive a reload.
  await page.addInitScript(
    `for (const [key, value] of [['role', '${role}'], ['theme', '${theme}']])
       if (localStorage.getItem(key) === null) localStorage.setItem(key, JSON.stringify(value))`,
  )
  await page.goto(url)
  await page.getByText('● live').waitFor()
  return { page, problems }
}
