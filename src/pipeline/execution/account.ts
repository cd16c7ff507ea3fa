import type { IslandState } from '../../telemetry/pipeline-stats.ts'

/** Where an island's time goes. Told at each change, so that it costs nothing for a record. */
export class Account {
  state: IslandState
  /** The edge that blocks it now. */
  blockedOn: string | undefined
  records: number
  batches: number
  private readonly spentMs: Record<IslandState, number>
  private readonly blockedByMs: Map<string, number>
  private sinceMs: number

  constructor(nowMs: number) {
    this.state = 'idle'
    this.blockedOn = undefined
    this.records = 0
    this.batches = 0
    this.spentMs = { busy: 0, idle: 0, ready: 0, blocked: 0, held: 0, waiting: 0, paused: 0, ended: 0 }
    this.blockedByMs = new Map()
    this.sinceMs = nowMs
  }

  /** The state changes now; what went by counts for the one before. */
  enter(state: IslandState, nowMs: number, blockedOn?: string): void {
    const spent = nowMs - this.sinceMs
    this.spentMs[this.state] += spent
    if (this.blockedOn !== undefined)
      this.blockedByMs.set(this.blockedOn, (this.blockedByMs.get(this.blockedOn) ?? 0) + spent)
    this.state = state
    this.blockedOn = blockedOn
    this.sinceMs = nowMs
  }

  /** Time in each state up to now, in nanoseconds. */
  figures(nowMs: number): {
    readonly busyNs: number
    readonly idleNs: number
    readonly readyNs: number
    readonly heldNs: number
    readonly waitingNs: number
    readonly blockedNs: number
    readonly blockedByNs: Readonly<Record<string, number>>
  } {
    this.enter(this.state, nowMs, this.blockedOn)
    const { busy, idle, ready, held, waiting, blocked, paused } = this.spentMs
    return {
      busyNs: ns(busy),
      idleNs: ns(idle + paused),
      readyNs: ns(ready),
      heldNs: ns(held),
      waitingNs: ns(waiting),
      blockedNs: ns(blocked),
      blockedByNs: Object.fromEntries([...this.blockedByMs].map(([edge, ms]) => [edge, ns(ms)])),
    }
  }
}

function ns(milliseconds: number): number {
  return Math.round(milliseconds * 1e6)
}
