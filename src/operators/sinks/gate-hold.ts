import type { Gate } from '../../pipeline/gate.ts'

/** One sink's hold on the gate: it closes once however often it is asked to, and knows for how long it was closed. */
export class GateHold {
  private readonly gate: Gate
  private since: number
  private isHolding: boolean
  private isOver: boolean
  private totalMs: number

  constructor(gate: Gate) {
    this.gate = gate
    this.since = 0
    this.isHolding = false
    this.isOver = false
    this.totalMs = 0
  }

  get blockedMs(): number {
    return this.totalMs + (this.isHolding ? performance.now() - this.since : 0)
  }

  get isClosed(): boolean {
    return this.isHolding
  }

  close(): void {
    if (this.isHolding || this.isOver) return
    this.isHolding = true
    this.since = performance.now()
    this.gate.close()
  }

  open(): void {
    if (!this.isHolding) return
    this.totalMs += performance.now() - this.since
    this.isHolding = false
    this.gate.open()
  }

  /** Opens for good: whoever held the gate is going. */
  end(): void {
    this.open()
    this.isOver = true
  }
}
