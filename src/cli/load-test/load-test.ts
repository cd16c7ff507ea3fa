import { Latency, type LatencySummary } from '../../telemetry/latency.ts'
import type { Link } from './links.ts'
import type { Planned } from './orders.ts'

/** What one second of a test was like. */
export interface Second {
  readonly sent: number
  readonly answered: number
  readonly fills: number
  /** Of what was answered in it; 0 where nothing was. */
  readonly p50Ns: number
  readonly p99Ns: number
}

export interface LoadResult {
  readonly clients: number
  readonly seconds: number
  readonly sent: number
  readonly answered: number
  readonly accepted: number
  readonly rejected: number
  /** Reject codes, and how often. */
  readonly rejects: Readonly<Record<string, number>>
  /** What became of commands that got no answer from the engine, and how often. */
  readonly errors: Readonly<Record<string, number>>
  readonly unanswered: number
  readonly fills: number
  /** From when a command was to be sent to its answer, so that a server that stalls is charged for all that had to wait. */
  readonly latency: LatencySummary
  /** From when a command was sent: what a tester that waits for the server would have reported. */
  readonly service: LatencySummary
  /** How late commands left: what of the latency is this program's own. */
  readonly late: LatencySummary
  readonly bySecond: readonly Second[]
}

export interface LoadOptions {
  readonly durationMs: number
  /** How long answers may take after the last command. By default 5,000. */
  readonly graceMs?: number
  readonly onSecond?: (second: Second, elapsedMs: number) => void
  readonly stop?: AbortSignal
}

const GRACE_MS = 5_000
const NS_PER_MS = 1e6
/** A wait below this is spent looking at the clock, for timers are no finer. */
const SPIN_MS = 2
const LOOK_EVERY = 64

/**
 * Sends commands at their times, whatever the server does: an open loop, so that a slow server meets the load that
 * people would bring to it (Schroeder et al. 2006, 'Open versus closed'; Tene, 'How not to measure latency').
 */
export async function loadTest(
  plan: Iterable<Planned>,
  links: readonly Link[],
  { durationMs, graceMs = GRACE_MS, onSecond, stop }: LoadOptions,
): Promise<LoadResult> {
  const tally = new Tally(links.length, onSecond)
  const began = performance.now()
  tally.begin(began)
  for (const { dueNs, client, command } of plan) {
    const dueMs = began + dueNs / NS_PER_MS
    if (dueNs / NS_PER_MS >= durationMs || stop?.aborted === true) break
    await waitUntil(dueMs, tally.sent)
    const sentMs = performance.now()
    tally.send(sentMs - dueMs)
    links[client]!.send(command).then(
      ({ isAccepted, code, fills }) => tally.answer(dueMs, sentMs, isAccepted ? undefined : code, fills),
      (error: Error) => tally.fail(error.message),
    )
  }
  const sentFor = performance.now() - began
  await tally.settled(graceMs)
  return tally.end(sentFor)
}

async function waitUntil(dueMs: number, count: number): Promise<void> {
  for (;;) {
    const waitMs = dueMs - performance.now()
    // Behind time, answers still have to be read now and then.
    if (waitMs <= 0 && count % LOOK_EVERY !== 0) return
    await new Promise((resolve) => {
      if (waitMs > SPIN_MS) setTimeout(resolve, waitMs - SPIN_MS / 2)
      else setImmediate(resolve)
    })
    if (waitMs <= 0) return
  }
}

class Tally {
  sent: number
  private readonly clients: number
  private readonly onSecond: LoadOptions['onSecond']
  private readonly latency: Latency
  private readonly service: Latency
  private readonly late: Latency
  private readonly rejects: Record<string, number>
  private readonly errors: Record<string, number>
  private readonly bySecond: Second[]
  private answered: number
  private failed: number
  private rejected: number
  private fills: number
  private before: { sent: number; answered: number; fills: number }
  private began: number
  private timer: NodeJS.Timeout | undefined
  private onSettled: (() => void) | undefined

  constructor(clients: number, onSecond: LoadOptions['onSecond']) {
    this.sent = 0
    this.clients = clients
    this.onSecond = onSecond
    this.latency = new Latency('latency')
    this.service = new Latency('service')
    this.late = new Latency('late')
    this.rejects = {}
    this.errors = {}
    this.bySecond = []
    this.answered = 0
    this.failed = 0
    this.rejected = 0
    this.fills = 0
    this.before = { sent: 0, answered: 0, fills: 0 }
    this.began = 0
    this.timer = undefined
    this.onSettled = undefined
  }

  begin(atMs: number): void {
    this.began = atMs
    this.latency.takeRecent()
    this.timer = setInterval(() => this.second(), 1_000)
  }

  send(lateMs: number): void {
    this.sent++
    this.late.record(Math.max(0, lateMs))
  }

  answer(dueMs: number, sentMs: number, code: string | undefined, fills: number): void {
    const now = performance.now()
    this.answered++
    this.fills += fills
    this.latency.record(now - dueMs)
    this.service.record(now - sentMs)
    if (code !== undefined) {
      this.rejected++
      this.rejects[code] = (this.rejects[code] ?? 0) + 1
    }
    this.look()
  }

  fail(why: string): void {
    this.failed++
    this.errors[why] = (this.errors[why] ?? 0) + 1
    this.look()
  }

  /** Resolves when everything is answered, or the time for that is over. */
  settled(graceMs: number): Promise<void> {
    return new Promise((resolve) => {
      const late = setTimeout(resolve, graceMs)
      this.onSettled = () => {
        clearTimeout(late)
        resolve()
      }
      this.look()
    })
  }

  end(sentForMs: number): LoadResult {
    clearInterval(this.timer)
    this.second()
    const { clients, sent, answered, rejected, rejects, errors, fills, bySecond } = this
    return {
      clients,
      seconds: sentForMs / 1e3,
      sent,
      answered,
      accepted: answered - rejected,
      rejected,
      rejects,
      errors,
      unanswered: sent - answered - this.failed,
      fills,
      latency: this.latency.summary(),
      service: this.service.summary(),
      late: this.late.summary(),
      bySecond,
    }
  }

  private look(): void {
    if (this.answered + this.failed >= this.sent) this.onSettled?.()
  }

  private second(): void {
    const { sent, answered, fills, before } = this
    const { percentilesNs } = this.latency.takeRecent()
    const second = {
      sent: sent - before.sent,
      answered: answered - before.answered,
      fills: fills - before.fills,
      p50Ns: percentilesNs[0]!,
      p99Ns: percentilesNs[2]!,
    }
    this.before = { sent, answered, fills }
    this.bySecond.push(second)
    this.onSecond?.(second, performance.now() - this.began)
  }
}
