import type { Command } from 'commander'
import type { PipelineStats } from '../telemetry/pipeline-stats.ts'
import { since } from '../telemetry/root-cause.ts'
import type { ControlClient } from './control/client.ts'
import { ExitCode } from './exit-code.ts'
import { print } from './print.ts'
import { reached, wholeAbove0 } from './tap.ts'
import { screenLines, SORTS, type View } from './top/screen.ts'
import { FullScreen } from './top/terminal.ts'

interface TopOptions {
  readonly once?: boolean
  readonly pid?: number
}

/** Four a second. */
const REDRAW_MS = 250
/** A look of `--once` lasts so long. */
const ONCE_MS = 1_000
const KEYS = 's sort  / filter  p pause  q quit'

/** `millrace top`. */
export function addTop(program: Command): void {
  program
    .command('top')
    .description(
      'watch a pipeline that runs: rates, who is busy and who is blocked by whom, how full edges are',
    )
    .argument('<file>', 'the pipeline file that a process runs')
    .option('--once', 'look for a second, print it, and end')
    .option('--pid <pid>', 'of which process, where several run the file; by default the newest', wholeAbove0)
    .action(async (file: string, options: TopOptions) => {
      process.exitCode = await top(file, options)
    })
}

async function top(file: string, { once, pid }: TopOptions): Promise<number> {
  const client = await reached(file, pid)
  if (client === undefined) return ExitCode.unavailable
  try {
    if (once === true) return await lookOnce(client)
    if (!process.stdout.isTTY) {
      process.stderr.write('millrace: top draws on a terminal; --once prints one look\n')
      return ExitCode.usage
    }
    return await new Top(client).run()
  } catch (error) {
    process.stderr.write(`millrace: ${(error as Error).message}\n`)
    return ExitCode.unavailable
  } finally {
    client.close()
  }
}

async function lookOnce(client: ControlClient): Promise<number> {
  const before = await client.ask<PipelineStats>({ do: 'stats' })
  await new Promise((resolve) => {
    setTimeout(resolve, ONCE_MS)
  })
  const all = await client.ask<PipelineStats>({ do: 'stats' })
  const view: View = { sort: 'file', filter: '', pid: client.pid, footer: '' }
  const lines = screenLines(all, sinceLook(before, all), view, { columns: Infinity })
  return print(`${lines.join('\n')}\n`)
}

/** After a reload counts begin anew: then all there is has happened since the last look. */
function sinceLook(before: PipelineStats, now: PipelineStats): PipelineStats {
  if (now.elapsedNs >= before.elapsedNs) return since(before, now)
  return { ...now, commands: Math.max(0, now.commands - before.commands) }
}

/** The screen, and what keys do to it. */
class Top {
  private readonly client: ControlClient
  private readonly screen: FullScreen
  private sort = 0
  private filter = ''
  private isTyping = false
  private isPaused = false
  private all: PipelineStats | undefined
  private now: PipelineStats | undefined
  private quit: () => void = () => {}

  constructor(client: ControlClient) {
    this.client = client
    this.screen = new FullScreen(process.stdin, process.stdout, {
      onKey: (key) => this.key(key),
      onResize: () => this.draw(),
    })
  }

  async run(): Promise<number> {
    const over = new Promise<void>((resolve) => {
      this.quit = resolve
    })
    const stop = (): void => this.quit()
    process.once('SIGTERM', stop)
    this.screen.open()
    try {
      await Promise.race([over, this.look()])
    } finally {
      this.screen.close()
      process.off('SIGTERM', stop)
    }
    return ExitCode.good
  }

  private async look(): Promise<void> {
    for (;;) {
      const stats = await this.client.ask<PipelineStats>({ do: 'stats' })
      if (!this.isPaused) {
        this.now = this.all === undefined ? stats : sinceLook(this.all, stats)
        this.all = stats
        this.draw()
      }
      await new Promise((resolve) => {
        setTimeout(resolve, REDRAW_MS)
      })
    }
  }

  private draw(): void {
    const { all, now } = this
    if (all === undefined || now === undefined) return
    const sort = SORTS[this.sort]!
    const filter = this.isTyping
      ? `filter: ${this.filter}_`
      : this.filter === ''
        ? ''
        : `filter: ${this.filter}`
    const footer = [KEYS, `sorted by ${sort}`, filter, this.isPaused ? 'PAUSED' : '']
      .filter(Boolean)
      .join('  |  ')
    this.screen.draw(
      screenLines(all, now, { sort, filter: this.filter, pid: this.client.pid, footer }, this.screen.size),
    )
  }

  private key(key: string): void {
    if (key === '\x03') return this.quit()
    if (this.isTyping) this.type(key)
    else if (key === 'q') return this.quit()
    else if (key === 's') this.sort = (this.sort + 1) % SORTS.length
    else if (key === 'p') this.isPaused = !this.isPaused
    else if (key === '/') this.isTyping = true
    else if (key === '\x1b') this.filter = ''
    this.draw()
  }

  private type(key: string): void {
    if (key === '\r' || key === '\n') this.isTyping = false
    else if (key === '\x7f' || key === '\b') this.filter = this.filter.slice(0, -1)
    else if (key === '\x1b') {
      this.filter = ''
      this.isTyping = false
    } else if (key >= ' ' && !key.startsWith('\x1b')) this.filter += key
  }
}
