import type { IslandStats } from '../../telemetry/pipeline-stats.ts'
import type { StageClock } from '../../telemetry/stage-clock.ts'
import type { FusedSteps } from '../fused-steps.ts'
import type { Gate } from '../gate.ts'
import type { PlannedIsland } from '../plan/plan.ts'
import { Account } from './account.ts'
import type { Outputs } from './outputs.ts'

/** What every island needs to run. */
export interface TaskParts {
  readonly island: PlannedIsland
  readonly steps: FusedSteps
  readonly outputs: Outputs
  /** Held by its sinks while they have no room. */
  readonly gate: Gate
  readonly clock: StageClock
  readonly batchRecords: number
  /** Has the scheduler look again. */
  readonly wake: () => void
}

/** An island as the scheduler sees it: something that can be given a turn of one batch. */
export abstract class Task {
  readonly island: PlannedIsland
  readonly account: Account
  readonly clock: StageClock
  isEnded: boolean
  /** Whether records begin here. */
  readonly isSource: boolean
  protected readonly parts: TaskParts
  /** Its steps, exchanged between two batches when someone begins or ends to look on. */
  steps: FusedSteps
  private isWaitingAtGate: boolean

  constructor(parts: TaskParts, nowMs: number) {
    this.island = parts.island
    this.account = new Account(nowMs)
    this.clock = parts.clock
    this.isEnded = false
    this.isSource = parts.island.kind === 'source'
    this.parts = parts
    this.steps = parts.steps
    this.isWaitingAtGate = false
  }

  /**
   * Handles one batch, if there is one and room for what it leads to.
   * @param nowMs by `performance.now()`
   * @returns the time after it, or 0 if there was nothing to do
   */
  abstract run(nowMs: number): number

  /** Ends its stream early, or lets it end: nothing new is begun. */
  stop(): void {}

  /** Whether there is work that it has taken in and not handed on. */
  get isHoldingRecords(): boolean {
    return false
  }

  get heldRecords(): number {
    return 0
  }

  stats(nowMs: number): IslandStats {
    const { island, account } = this
    return {
      id: island.id,
      stages: island.stages.map(({ stage }) => stage.id),
      thread: island.placement?.thread,
      state: account.state,
      blockedOn: account.blockedOn,
      records: account.records,
      batches: account.batches,
      ...account.figures(nowMs),
    }
  }

  /** How many records may be taken in; 0 while a sink or an edge has no room, which is then noted. */
  protected admitted(wanted: number, nowMs: number): number {
    const { gate, outputs, wake } = this.parts
    if (gate.isClosed) {
      if (this.account.state !== 'held') this.account.enter('held', nowMs)
      if (!this.isWaitingAtGate) {
        this.isWaitingAtGate = true
        void gate.wait()?.then(() => {
          this.isWaitingAtGate = false
          wake()
        })
      }
      return 0
    }
    const admitted = outputs.admits(wanted)
    if (admitted === 0 && (this.account.state !== 'blocked' || this.account.blockedOn !== outputs.blockedOn))
      this.account.enter('blocked', nowMs, outputs.blockedOn)
    return admitted
  }

  protected rest(state: 'idle' | 'waiting' | 'paused', nowMs: number): number {
    if (this.account.state !== state) this.account.enter(state, nowMs)
    return 0
  }

  /** A batch of so many records is through. Returns the time. */
  protected worked(records: number): number {
    const nowMs = performance.now()
    this.account.enter('ready', nowMs)
    this.account.records += records
    this.account.batches++
    return nowMs
  }

  protected end(nowMs: number): number {
    this.isEnded = true
    this.account.enter('ended', nowMs)
    this.parts.outputs.end()
    return nowMs
  }
}
